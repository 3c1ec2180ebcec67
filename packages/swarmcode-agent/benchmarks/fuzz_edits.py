"""Apply generated patches with `git apply` and with ours; they must agree to the byte.

    python fuzz_edits.py [CASES] [SEED]

Whatever git accepts, ours must accept and turn into the same bytes. Where git refuses, ours may
still find the place; that is counted, not compared. The tests run a slice of this.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from swarmcode_agent.edits import apply_patch, parse
from swarmcode_agent.errors import AgentError

QUIET = {
    **os.environ,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CEILING_DIRECTORIES": tempfile.gettempdir(),
    "LC_ALL": "C",
}
WORDS = ["alpha", "beta", "  gamma", "\tdelta", "}", "", "return x", "if y:", "-- sql", "++ c", "é"]


@dataclass
class Case:
    """A folder as it is, and a patch made for one that was nearly the same."""

    files: dict[str, bytes]
    executable: set[str]
    patch: bytes


def git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], check=False, cwd=cwd, env=QUIET, capture_output=True)


def some_lines(chance: random.Random, most: int = 40) -> list[bytes]:
    few = chance.random() < 0.4  # few different lines: many places look alike
    pool = WORDS[:4] if few else WORDS
    ending = chance.choice([b"\n", b"\n", b"\n", b"\r\n"])
    count = chance.choice([0, 1, 2, chance.randrange(most), chance.randrange(most)])
    numbered = chance.random() < 0.5 and not few
    lines = [
        (chance.choice(pool) + (f" {n}" if numbered else "")).encode() + ending
        for n in range(count)
    ]
    if chance.random() < 0.05 and lines:
        lines[chance.randrange(len(lines))] = b"caf\xe9 \xff" + ending
    if chance.random() < 0.25 and lines:
        lines[-1] = lines[-1].rstrip(b"\r\n") or b"x"
    return lines


def edited(lines: list[bytes], chance: random.Random, most: int) -> list[bytes]:
    lines = list(lines)
    for _ in range(chance.randint(1, most)):
        at = chance.randint(0, len(lines))
        what = chance.random()
        if what < 0.4 or not lines:
            lines[at:at] = [chance.choice(WORDS).encode() + b"\n"] * chance.randint(1, 3)
        elif what < 0.7:
            del lines[at : at + chance.randint(1, 4)]
        elif at < len(lines):
            lines[at] = b"changed " + lines[at]
    if chance.random() < 0.1 and lines:
        lines[-1] = lines[-1].rstrip(b"\n") if lines[-1].endswith(b"\n") else lines[-1] + b"\n"
    return [line if line.endswith(b"\n") else line + b"\n" for line in lines[:-1]] + lines[-1:]


def cases(count: int, seed: int, scratch: Path) -> Iterator[Case]:
    """Make a patch between two random trees with git itself, then shift the tree a little."""
    chance = random.Random(seed)
    for number in range(count):
        made_by_git = chance.random() < 0.6
        yield _by_git(chance, scratch / f"make{number}") if made_by_git else _by_hand(chance)


def _by_hand(chance: random.Random) -> Case:
    """A few hunks over few different lines, with starts that are off: git's corners."""
    count = chance.randint(0, 9)
    lines = [chance.choice([b"a", b"b", b"a ", b""]) + b"\n" for _ in range(count)]
    if lines and chance.random() < 0.4:
        lines[-1] = lines[-1].rstrip(b"\n") or b"a"
    hunks = b"".join(_hunk(lines, chance) for _ in range(chance.randint(1, 2)))
    return Case({"f": b"".join(lines)}, set(), b"--- a/f\n+++ b/f\n" + hunks)


def _hunk(lines: list[bytes], chance: random.Random) -> bytes:
    at = chance.randint(0, len(lines))
    body, old, new = b"", 0, 0
    for line in lines[at : at + chance.randint(0, 5)]:
        mark = chance.choice([b" ", b" ", b"-", b"+"])
        old, new = old + (mark != b"+"), new + (mark != b"-")
        body += mark + line
        if not line.endswith(b"\n"):
            body += b"\n" + chance.choice([b"\\ No newline at end of file\n", b""])
        elif chance.random() < 0.05:
            body += b"\\ No newline at end of file\n"
    for _ in range(chance.choice([0, 0, 1])):
        body, new = body + b"+added\n", new + 1
    start = max(at + 1 + chance.choice([0, 0, 0, 1, -1, 3]), 0)
    return (
        b"@@ -%d,%d +%d,%d @@\n" % (start, old, max(start + chance.choice([0, 1]), 0), new) + body
    )


def _by_git(chance: random.Random, home: Path) -> Case:
    names = chance.sample(["a.py", "dir/b.py", "deep/er/c", "sp ace.txt", "é.txt", 'q"t'], 3)
    before: dict[str, list[bytes]] = {}
    after: dict[str, list[bytes]] = {}
    executable: set[str] = set()
    for name in names:
        lines = some_lines(chance)
        what = chance.random()
        if what > 0.08:
            before[name] = lines
        if what < 0.9:
            after[name] = edited(lines, chance, 4) if chance.random() < 0.9 else lines
    if before and chance.random() < 0.2:
        moved = next(iter(before))
        if moved in after:
            after[f"moved/{moved}"] = after.pop(moved)
    changed_mode = {name for name in after if chance.random() < 0.1}
    for side, tree in (("old", before), ("new", after)):
        for name, lines in tree.items():
            path = home / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(lines))
            if side == "new" and name in changed_mode:
                path.chmod(0o755)
        (home / side).mkdir(parents=True, exist_ok=True)
    context = chance.choice(["-U3", "-U3", "-U3", "-U1", "-U0", "-U10"])
    options = ["diff", "--no-index", "--no-color", context, "-M", "--text", "old", "new"]
    patch = git(*options, cwd=home).stdout
    for prefix in (b"a/old/", b"a/new/", b"b/old/", b"b/new/"):
        patch = patch.replace(prefix, prefix[:2])
    for prefix, side in (
        (b"rename from old/", b"rename from "),
        (b"rename to new/", b"rename to "),
    ):
        patch = patch.replace(prefix, side).replace(prefix[:-4] + b'"' + prefix[-4:], side + b'"')
    patch = damaged(patch, chance)
    files = {name: b"".join(shifted(lines, chance)) for name, lines in before.items()}
    return Case(files, executable, patch)


def shifted(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Return the file as somebody else left it meanwhile."""
    what = chance.random()
    if what < 0.8:
        return lines
    return edited(lines, chance, 2)


def damaged(patch: bytes, chance: random.Random) -> bytes:
    """Now and then, break a count, a line or the end of a patch, as a model would."""
    if chance.random() < 0.9 or not patch:
        return patch
    lines = patch.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    what = chance.random()
    if what < 0.3:
        lines[at] = lines[at].replace(b",3", b",4")
    elif what < 0.5 and not lines[at].startswith(b"deleted file"):
        # (git takes a deletion without that line for an edit of a file named dev/null)
        del lines[at]
    elif what < 0.7:
        lines.insert(at, chance.choice([b" \n", b"\n", b"+new\n", b"-old\n", b"junk\n"]))
    else:
        lines = lines[:at]
    return b"".join(lines)


def snapshot(root: Path) -> dict[str, tuple[bytes, bool]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def lay_out(root: Path, files: dict[str, bytes]) -> None:
    root.mkdir(parents=True)
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def compare(case: Case, scratch: Path) -> str:
    """Apply one case both ways; return how it went. Raises AssertionError where they differ."""
    theirs, ours = scratch / "git", scratch / "ours"
    lay_out(theirs, case.files)
    lay_out(ours, case.files)
    (scratch / "patch").write_bytes(case.patch)
    accepted = git("apply", str(scratch / "patch"), cwd=theirs).returncode == 0
    try:
        plan = apply_patch(parse(case.patch.decode("utf-8", "surrogateescape"), "unified"), ours)
    except AgentError as error:
        if accepted:
            raise AssertionError(f"only git accepts: {error}\n{case.patch!r}") from error
        lay_out(scratch / "untouched", case.files)
        assert snapshot(ours) == snapshot(scratch / "untouched"), "a refused patch changed a file"
        return "both refuse"
    if not accepted:
        return f"only ours, {plan.level.name.lower()}"
    assert snapshot(ours) == snapshot(theirs), f"the results differ\n{case.patch!r}"
    return "both accept"


def run(count: int, seed: int) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases(count, seed, Path(folder))):
            outcomes[compare(case, Path(folder) / f"case{number}")] += 1
    return outcomes


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    results = run(*(arguments + [2000, 1][len(arguments) :]))
    for outcome, cases_seen in results.most_common():
        print(f"{cases_seen:6}  {outcome}")
