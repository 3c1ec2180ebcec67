"""Reading from git, by git's own command. Nothing here writes to a repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

_TIMEOUT = 60


class GitError(Exception):
    """Git refused, or is not installed; the message is one line."""


def git(folder: Path, *arguments: str, data: bytes | None = None) -> bytes:
    """Run git in a folder and return what it prints.

    Raises:
        GitError: it failed; the message holds git's own words.
    """
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, check=False, input=data, capture_output=True, timeout=_TIMEOUT
        )
    except FileNotFoundError:
        raise GitError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} took longer than {_TIMEOUT} s") from None
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").split("\n", 1)[0].strip()
        raise GitError(words or f"git {arguments[0]} failed")
    return done.stdout


def git_path(folder: Path, *arguments: str) -> Path:
    """A path that git prints, absolute; it may be relative to the folder it was asked in."""
    text = os.fsdecode(git(folder, "rev-parse", *arguments)).removesuffix("\n")
    return Path(os.path.normpath(folder.absolute() / text))


def commit_of(folder: Path, ref: str) -> str:
    """The full id of the commit that a ref names.

    Raises:
        GitError: it names none.
    """
    asked = ["--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    try:
        return git(folder, "rev-parse", *asked).decode("ascii").strip()
    except GitError as error:
        if str(error) != "git rev-parse failed":
            raise
        raise GitError(f"no such commit: {ref!r}") from None


def files_at(folder: Path, commit: str, below: Iterable[str]) -> list[str]:
    """The files of a commit below paths that are relative to the folder, relative to it, too."""
    listed = git(folder, "ls-tree", "-r", "-z", "--name-only", commit, "--", *below)
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def blobs_at(folder: Path, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
    """The bytes of files of a commit; paths are relative to the folder."""
    wanted = list(paths)
    if any("\n" in path for path in wanted):
        raise GitError("a path holds a line break")
    asked = "".join(f"{commit}:./{path}\n" for path in wanted)
    answer = git(folder, "cat-file", "--batch", data=os.fsencode(asked))
    found: dict[str, bytes] = {}
    at = 0
    for path in wanted:
        head, _, _ = answer[at : at + 4096].partition(b"\n")
        words = head.split(b" ")
        if len(words) != 3 or words[1] != b"blob":
            raise GitError(f"{path} cannot be read at {commit[:12]}")
        start = at + len(head) + 1
        end = start + int(words[2])
        found[path] = answer[start:end]
        at = end + 1
    return found
