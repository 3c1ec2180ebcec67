"""The members of the workspace, read from their own files: folder, distribution, module, siblings.

python .ci/members.py            one line a member: FOLDER DISTRIBUTION MODULE
python .ci/members.py --needs D  the distributions of the workspace that D needs, itself first
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Member:
    """One package or app of the workspace.

    Attributes:
        folder: where it lives, relative to the root.
        distribution: the name that it is published under.
        module: the name that it is imported as.
        siblings: the distributions of the workspace that it declares a dependency on.
        commands: the console scripts that it installs.
    """

    folder: str
    distribution: str
    module: str
    siblings: frozenset[str]
    commands: tuple[str, ...]


def read_members(root: Path = ROOT) -> dict[str, Member]:
    """Return the members by distribution, in the order of their folders."""
    projects = {
        path.parent: tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        for pattern in tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
            "uv"
        ]["workspace"]["members"]
        for path in sorted(root.glob(f"{pattern}/pyproject.toml"))
    }
    names = frozenset(project["name"] for project in projects.values())
    return {
        project["name"]: Member(
            folder=folder.relative_to(root).as_posix(),
            distribution=project["name"],
            module=_module(folder),
            siblings=frozenset(_required(project)) & names - {project["name"]},
            commands=tuple(sorted(project.get("scripts", {}))),
        )
        for folder, project in projects.items()
    }


def needs(members: Mapping[str, Member], distribution: str) -> list[str]:
    """Return the distribution and every sibling that it needs, however far away."""
    found = [distribution]
    for name in found:
        found.extend(sorted(members[name].siblings - set(found)))
    return found


def _module(folder: Path) -> str:
    modules = [path.parent.name for path in folder.glob("src/*/__init__.py")]
    if len(modules) != 1:
        raise SystemExit(
            f"{folder}/src: one package with an __init__.py is expected, found {modules}"
        )
    return modules[0]


def _required(project: Mapping[str, object]) -> list[str]:
    requirements = project.get("dependencies", [])
    assert isinstance(requirements, list)
    return [
        re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0] for requirement in requirements
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print what a shell script needs to know of the workspace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--needs", metavar="DISTRIBUTION")
    options = parser.parse_args(arguments)
    members = read_members()
    if options.needs is None:
        for member in members.values():
            print(member.folder, member.distribution, member.module)
    elif options.needs in members:
        print(*needs(members, options.needs), sep="\n")
    else:
        print(f"{options.needs!r} is no member; there are {', '.join(members)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
