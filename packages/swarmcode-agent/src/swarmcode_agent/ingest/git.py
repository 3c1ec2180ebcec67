"""Plain git, run so that a hostile repository has no say.

Repositories come from anywhere, and git reads a repository's own configuration before anything
else. So: no shell; no hooks, no file-system monitor, no external diff, no credential prompts; the
protocols are an allow-list; missing objects are not fetched from wherever the repository says;
and what we read, we read from a bare copy that we made.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..errors import GitError

_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.symlinks=true",
    "core.quotePath=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "protocol.ext.allow=never",
    "advice.detachedHead=false",
    "init.templateDir=",
)
_REMOTE = "https:http:ssh:git:file"
_LOCAL = "file"
_OF_THE_USER = frozenset(
    {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_SSH", "GIT_SSH_COMMAND"}
)


def environment(*, remote: bool) -> dict[str, str]:
    """Return the environment of a git process.

    Of the GIT_* variables that came in, only those stay that say where the user's own
    configuration and keys are; the rest could turn git to another repository.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _OF_THE_USER
    }
    fixed = {
        "GIT_ALLOW_PROTOCOL": _REMOTE if remote else _LOCAL,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"} | kept | fixed


def _command(folder: Path, arguments: Sequence[str]) -> list[str]:
    settings = [part for setting in _SAFE for part in ("-c", setting)]
    return ["git", "--no-pager", "-C", str(folder), *settings, *arguments]


def git(
    folder: Path,
    *arguments: str,
    doing: str,
    remote: bool = False,
    stdin: bytes = b"",
) -> bytes:
    """Run git in a folder and return what it prints; raise GitError, named by `doing`."""
    try:
        run = subprocess.run(
            _command(folder, arguments),
            capture_output=True,
            check=False,
            input=stdin,
            env=environment(remote=remote),
        )
    except FileNotFoundError as error:
        raise GitError(doing, "the command `git` is not installed") from error
    if run.returncode != 0:
        raise GitError(doing, _last_words(run.stderr) or f"it ended with status {run.returncode}")
    return run.stdout


def answer(folder: Path, *arguments: str) -> str | None:
    """Return what git prints on one line, or None where it fails: for questions."""
    try:
        return git(folder, *arguments, doing="answer").decode("utf-8", "replace").strip()
    except GitError:
        return None


def _last_words(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return told[0].removeprefix("fatal: ").removeprefix("error: ") if told else ""


class BlobReader:
    """Reads blobs of one repository through one `git cat-file --batch`; for one thread."""

    def __init__(self, repository: Path) -> None:
        self._process = subprocess.Popen(
            _command(repository, ["cat-file", "--batch"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(remote=False),
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self, oid: str) -> bytes | None:
        """Return a blob's bytes, or None when the repository lacks it."""
        stdin, stdout = _pipes(self._process)
        stdin.write(f"{oid}\n".encode())
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3:
            return None
        content = stdout.read(int(header[2]))
        stdout.read(1)
        return content

    def close(self) -> None:
        """End the git process."""
        for stream in _pipes(self._process):
            stream.close()
        self._process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise GitError("read objects", "its pipes are closed")
    return process.stdin, process.stdout


def records(raw: bytes) -> Iterator[bytes]:
    """Split what git prints under `-z`."""
    return (record for record in raw.split(b"\0") if record)
