"""Refuse a release whose tag, pyproject and changelog disagree, or that comes before its siblings.

    python .ci/release_check.py worktree-v0.3.0   check; print what the workflow is to build
    python .ci/release_check.py --order           print the members, leaves first

A release is one tag, `DISTRIBUTION-vX.Y.Z`, on a commit whose pyproject says that version and
whose changelog opens with it. A sibling counts as released when git has a tag of it within the
range that is asked for. Whether it also reached the index is not known here: the workflow finds
out by testing the built wheel with the siblings that the index gives.
"""

import argparse
import operator
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from members import ROOT, Member, read_members

NUMBER = r"(?:0|[1-9][0-9]*)"
VERSION = rf"{NUMBER}\.{NUMBER}\.{NUMBER}"
TAG = re.compile(rf"(?P<distribution>[a-z0-9]+(?:-[a-z0-9]+)*)-v(?P<version>{VERSION})")
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*(?P<range>[^;]*)")
CLAUSE = re.compile(r"(?P<sign>[<>=!~]=|[<>])\s*(?P<bound>[0-9]+(?:\.[0-9]+)*)(?P<any>\.\*)?")
HEADING = re.compile(r"^## \[(?P<name>[^]]+)\](?: - (?P<date>.*\S))?\s*$", re.MULTILINE)

Numbers = list[int]
COMPARISONS: Mapping[str, Callable[[Numbers, Numbers], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class RefusedError(Exception):
    """What stands in the way of a release: one line each, saying what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Section:
    """One version's part of a changelog."""

    name: str
    date: str | None
    has_entries: bool


# ── versions ──────────────────────────────────────────────────────────────────────────────────


def satisfies(version: str, wanted: str) -> bool:
    """Say whether a version lies in a range such as `>=0.3,<0.4`.

    Versions of the house are three numbers, so the bounds are numbers too; any other is refused.
    """
    return all(_holds(_numbers(version), clause.strip()) for clause in wanted.split(","))


def _holds(release: Numbers, clause: str) -> bool:
    match = CLAUSE.fullmatch(clause)
    if match is None:
        raise RefusedError(
            f"{clause!r} is no range of plain versions; write one such as >=0.3,<0.4"
        )
    sign, bound = match["sign"], _numbers(match["bound"])
    if sign == "~=" and len(bound) > 1 and not match["any"]:
        return _holds(release, f">={match['bound']}") and _holds(release, _series(bound))
    if sign not in COMPARISONS or (match["any"] and sign not in {"==", "!="}):
        raise RefusedError(f"{clause!r} means nothing; write a range such as >=0.3,<0.4")
    length = len(bound) if match["any"] else max(len(release), len(bound))
    return COMPARISONS[sign](_sized(release, length), _sized(bound, length))


def _series(bound: Numbers) -> str:
    """Return what `~=` adds to `>=`: all numbers but the last stay as they are."""
    return f"=={'.'.join(map(str, bound[:-1]))}.*"


def _numbers(version: str) -> Numbers:
    return [int(number) for number in version.split(".")]


def _sized(numbers: Numbers, length: int) -> Numbers:
    """Cut or fill up with zeros: 0.3 is 0.3.0."""
    return numbers[:length] + [0] * (length - len(numbers))


# ── the workspace ─────────────────────────────────────────────────────────────────────────────


def split_tag(tag: str, members: Mapping[str, Member]) -> tuple[Member, str]:
    """Return the member and the version that a tag names."""
    match = TAG.fullmatch(tag)
    if match is None:
        raise RefusedError(f"{tag!r} is no release tag; write DISTRIBUTION-vX.Y.Z: worktree-v0.3.0")
    if match["distribution"] not in members:
        known = ", ".join(members)
        raise RefusedError(f"{tag!r}: {match['distribution']!r} is no member; there are {known}")
    return members[match["distribution"]], match["version"]


def read_project(root: Path, member: Member) -> Mapping[str, object]:
    """Return the `[project]` table of a member."""
    text = (root / member.folder / "pyproject.toml").read_text(encoding="utf-8")
    project: Mapping[str, object] = tomllib.loads(text)["project"]
    return project


def sibling_ranges(project: Mapping[str, object], members: Collection[str]) -> dict[str, str]:
    """Return the range that a project asks of each sibling, its extras' siblings among them."""
    ranges: dict[str, str] = {}
    for requirement in _requirements(project):
        match = REQUIREMENT.match(requirement)
        name = re.sub(r"[-_.]+", "-", match["name"]).lower() if match else ""
        if match and name in members and name != project["name"]:
            ranges[name] = ",".join(filter(None, (ranges.get(name), match["range"].strip(" ()"))))
    return ranges


def _requirements(project: Mapping[str, object]) -> Iterator[str]:
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    for requirements in (project.get("dependencies", []), *extras.values()):
        yield from requirements


def leaves_first(root: Path, members: Mapping[str, Member]) -> list[str]:
    """Return the distributions in an order in which each comes after the siblings it asks for."""
    asked = {name: sibling_ranges(read_project(root, members[name]), members) for name in members}
    try:
        return list(TopologicalSorter(asked).static_order())
    except CycleError as error:
        raise RefusedError(
            f"members ask for each other in a circle: {' → '.join(error.args[1])}"
        ) from None


def released(root: Path) -> list[str]:
    """Return every tag of the repository."""
    listing = subprocess.run(
        ["git", "tag", "--list"], cwd=root, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        raise RefusedError(f"{root}: git cannot list the tags; run this in a clone that has them")
    return listing.stdout.splitlines()


# ── what must agree ───────────────────────────────────────────────────────────────────────────


def read_changelog(text: str) -> list[Section]:
    """Return the sections of a changelog, as they stand."""
    headings = list(HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings), len(text)][1:]
    return [
        Section(
            name=heading["name"],
            date=heading["date"],
            has_entries=bool(re.search(r"^[-*] ", text[heading.end() : end], re.MULTILINE)),
        )
        for heading, end in zip(headings, ends, strict=True)
    ]


def changelog_problems(where: str, text: str, version: str) -> list[str]:
    """Return what keeps a changelog from telling users of this version."""
    sections = {section.name: section for section in read_changelog(text)}
    heading = f"`## [{version}] - YYYY-MM-DD`"
    if version not in sections:
        return [f"{where}: no section {heading}; move the entries of [Unreleased] under one"]
    problems = []
    if sections[version].date is None or not _is_date(sections[version].date or ""):
        problems.append(f"{where}: [{version}] bears no date; head it {heading}")
    if not sections[version].has_entries:
        problems.append(f"{where}: [{version}] lists nothing; say what changes for users")
    if "Unreleased" in sections and sections["Unreleased"].has_entries:
        problems.append(f"{where}: entries stand under [Unreleased]; move them to [{version}]")
    newest = next(name for name in sections if name != "Unreleased")
    if newest != version:
        problems.append(f"{where}: opens with [{newest}]; put [{version}] above it")
    return problems


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def sibling_problems(where: str, ranges: Mapping[str, str], tags: Collection[str]) -> list[str]:
    """Return one line for each sibling that is asked for without a range, or not yet released."""
    matches = [match for tag in tags if (match := TAG.fullmatch(tag))]
    problems = []
    for name, wanted in ranges.items():
        found = [match["version"] for match in matches if match["distribution"] == name]
        try:
            problem = _sibling_problem(name, wanted, found)
        except RefusedError as error:
            problem = f"asks for {name}{wanted}: {error}"
        if problem:
            problems.append(f"{where}: {problem}")
    return problems


def _sibling_problem(name: str, wanted: str, found: list[str]) -> str | None:
    if not wanted:
        return f"asks for any {name}; give a range such as {name}>=0.3,<0.4"
    if any(satisfies(version, wanted) for version in found):
        return None
    there = ", ".join(sorted(found, key=_numbers)) or "none"
    return (
        f"asks for {name}{wanted}, of which no release is tagged (there: {there});"
        f" release {name} first"
    )


def check(root: Path, tag: str) -> dict[str, str]:
    """Return what is to be built for a tag, or raise RefusedError with all that is in the way."""
    members = read_members(root)
    member, version = split_tag(tag, members)
    project = read_project(root, member)
    pyproject, changelog = (
        f"{member.folder}/{name}" for name in ("pyproject.toml", "CHANGELOG.md")
    )
    problems = []
    if project.get("version") != version:
        problems.append(
            f"{pyproject}: says version {project.get('version')}, the tag says {version};"
            " tag the commit that sets the version"
        )
    if (root / changelog).is_file():
        text = (root / changelog).read_text(encoding="utf-8")
        problems += changelog_problems(changelog, text, version)
    else:
        problems.append(f"{changelog}: is missing; write one that opens with [{version}]")
    problems += sibling_problems(pyproject, sibling_ranges(project, members), released(root))
    if problems:
        raise RefusedError(*problems)
    return {
        "distribution": member.distribution,
        "folder": member.folder,
        "module": member.module,
        "version": version,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print `name=value` lines for the workflow, or what stands in the way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("tag", nargs="?", help="such as worktree-v0.3.0")
    asked.add_argument("--order", action="store_true", help="print the members, leaves first")
    parser.add_argument("--root", type=Path, default=ROOT, help="the workspace (default: this one)")
    options = parser.parse_args(arguments)
    try:
        if options.order:
            print(*leaves_first(options.root, read_members(options.root)), sep="\n")
        else:
            for name, value in check(options.root, options.tag).items():
                print(f"{name}={value}")
    except RefusedError as refused:
        for problem in refused.problems:
            print(f"release refused: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
