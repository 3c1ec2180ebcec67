"""Apply the commits of a repository with ours and compare with what git has in the commit.

    python edits_history.py REPOSITORY [COMMITS]

For each commit with one parent: the files that it touches are laid out as in the parent, its diff
is applied, and every file must be what the commit holds, to the byte and the execute bit.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from swarmcode_agent.edits import Level, apply_patch, parse
from swarmcode_agent.errors import AgentError, UnsupportedEditError


def git(repository: Path, *arguments: str) -> bytes:
    command = ["git", "-c", "core.quotePath=true", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, check=True).stdout


def lay_out(repository: Path, commit: str, paths: list[str], root: Path) -> None:
    for path in paths:
        entry = git(repository, "ls-tree", "-z", commit, "--", path).decode()
        if not entry:
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = git(repository, "cat-file", "blob", entry.split()[2])
        if entry.startswith("12"):
            target.symlink_to(data.decode())
        else:
            target.write_bytes(data)
            target.chmod(0o755 if entry.startswith("100755") else 0o644)


def files(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def check(repository: Path, commit: str, scratch: Path) -> str:
    changed = git(repository, "diff", "--name-only", "-z", "--no-renames", f"{commit}~", commit)
    paths = [name for name in changed.decode("utf-8", "surrogateescape").split("\0") if name]
    if not paths or len(paths) > 50:
        return "left out: empty, or more than 50 files"
    patch = git(repository, "diff", "-M", f"{commit}~", commit)
    lay_out(repository, f"{commit}~", paths, scratch / "ours")
    lay_out(repository, commit, paths, scratch / "expected")
    (scratch / "ours").mkdir(exist_ok=True)
    try:
        plan = apply_patch(
            parse(patch.decode("utf-8", "surrogateescape"), "unified"),
            scratch / "ours",
            most=Level.MOVED,
        )
    except UnsupportedEditError:
        return "left out: binary files or submodules"
    except AgentError as error:
        return f"FAILED {commit}: {error}"
    same = files(scratch / "ours") == files(scratch / "expected")
    return f"same, {plan.level.name.lower()}" if same else f"DIFFERS {commit}"


if __name__ == "__main__":
    repository = Path(sys.argv[1])
    most = sys.argv[2] if len(sys.argv) > 2 else "1000"
    commits = git(repository, "rev-list", "--no-merges", "--min-parents=1", f"-{most}", "HEAD")
    outcomes: Counter[str] = Counter()
    for commit in commits.decode().split():
        with tempfile.TemporaryDirectory() as folder:
            outcomes[check(repository, commit, Path(folder))] += 1
    for outcome, count in outcomes.most_common():
        print(f"{count:6}  {outcome}")
