"""Plain git, kept away from what a repository may have been prepared with.

A repository's configuration can name programs to run (textconv, filters, fsmonitor, hooks,
credential helpers, pagers). So it is never in force: history is read through an empty bare
repository of ours that borrows the other one's objects. Nothing is checked out, nothing is
fetched, no shell is involved. Only the name of a commit is asked of the repository itself, by
`rev-parse`, which runs nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ...errors import HistoryError
from ...ingest.provenance import HISTORY

# A snapshot is called by its repository and the digest of its commit.
_SNAPSHOT = re.compile(r"_[0-9a-f]{12}$")
_HARDENED = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=true",
    "-c",
    "protocol.allow=never",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "safe.directory=*",
)


def _environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        **(extra or {}),
    }


def _git(
    arguments: Sequence[str],
    *,
    where: Path,
    stdin: bytes = b"",
    extra: Mapping[str, str] | None = None,
) -> bytes:
    try:
        done = subprocess.run(
            ["git", *_HARDENED, *arguments],
            input=stdin,
            capture_output=True,
            env=_environment(extra),
            timeout=600,
            check=False,
        )
    except FileNotFoundError as error:
        raise HistoryError(where, "git is not installed: apt-get install git") from error
    except subprocess.TimeoutExpired as error:
        raise HistoryError(where, f"git {arguments[0]} took more than 600 s") from error
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise HistoryError(where, f"git {arguments[0]}: {told[-1]}")
    return done.stdout


@dataclass(slots=True)
class Repository:
    """The objects of a repository and one commit of it, ready to be read by any thread."""

    origin: Path
    head: str
    name: str
    shallow: bool
    _git_dir: Path
    _blobs: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def git(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        """Run one git command and return what it wrote.

        Raises:
            HistoryError: git ended with an error; the message is git's last line.
        """
        extra = {} if index is None else {"GIT_INDEX_FILE": str(index)}
        prefix = (f"--git-dir={self._git_dir}",)
        return _git((*prefix, *arguments), where=self.origin, stdin=stdin, extra=extra)

    def blob(self, name: str) -> bytes:
        """The content of a blob, by its id or by `commit:path`."""
        with self._lock:
            if self._blobs is None:
                self._blobs = subprocess.Popen(
                    ["git", *_HARDENED, f"--git-dir={self._git_dir}", "cat-file", "--batch"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=_environment(),
                )
            return _asked(self._blobs, name, self.origin)

    def tree(self, commit: str) -> dict[str, tuple[int, str]]:
        """Every file of a commit: its path, mode and blob."""
        listed: dict[str, tuple[int, str]] = {}
        for entry in self.git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            if entry:
                about, path = entry.split(b"\t", 1)
                mode, _, blob = about.decode().split(" ")
                listed[path.decode("utf-8", "surrogateescape")] = (int(mode, 8), blob)
        return listed

    def when(self, commit: str | None = None) -> datetime:
        """The moment of a commit, or of the one that was opened."""
        seconds = self.git("log", "-1", "--no-show-signature", "--format=%ct", commit or self.head)
        return datetime.fromtimestamp(int(seconds), UTC)

    def close(self) -> None:
        """End the process that reads blobs."""
        if self._blobs is not None:
            for pipe in (self._blobs.stdin, self._blobs.stdout):
                if pipe is not None:
                    pipe.close()
            self._blobs.wait(timeout=30)
            self._blobs = None


def _asked(reader: subprocess.Popen[bytes], name: str, where: Path) -> bytes:
    if reader.stdin is None or reader.stdout is None or "\n" in name:
        raise HistoryError(where, f"{name!r} is no name of an object")
    reader.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
    reader.stdin.flush()
    head = reader.stdout.readline().decode("utf-8", "replace").split()
    if len(head) != 3 or not head[2].isdecimal():
        raise HistoryError(where, f"there is no object {name!r}")
    content = reader.stdout.read(int(head[2]))
    reader.stdout.read(1)
    return content


@contextmanager
def open_repository(path: Path, *, branch: str | None = None) -> Iterator[Repository]:
    """Open a repository, or the history that an ingested snapshot keeps.

    The repository must be at `path` itself: one that merely encloses it is not meant.

    Raises:
        HistoryError: there is nothing at `path`, it has no history, or the branch is missing.
    """
    if not path.exists():
        raise HistoryError(path, "does not exist")
    place = path / HISTORY if (path / HISTORY).is_dir() else path
    ceiling = {"GIT_CEILING_DIRECTORIES": str(place.resolve().parent)}
    common = _located(place, ceiling)
    head = _resolved(place, branch, ceiling)
    borrowing = Path(tempfile.mkdtemp(prefix="swarmcode-history-"))
    try:
        repository = _borrow(path, borrowing, common, head)
        with closing(repository):
            yield repository
    finally:
        shutil.rmtree(borrowing, ignore_errors=True)


def _located(place: Path, ceiling: Mapping[str, str]) -> Path:
    ask = ("-C", str(place), "rev-parse", "--path-format=absolute", "--git-common-dir")
    try:
        return Path(os.fsdecode(_git(ask, where=place, extra=ceiling).rstrip(b"\n")))
    except HistoryError as error:
        problem = "is not a git repository, nor a snapshot that keeps its history"
        raise HistoryError(place, problem) from error


def _resolved(place: Path, branch: str | None, ceiling: Mapping[str, str]) -> str:
    name = branch or "HEAD"
    ask = ("-C", str(place), "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    try:
        return _git(ask, where=place, extra=ceiling).decode().strip()
    except HistoryError as error:
        problem = f"has no branch {branch!r}" if branch else "has no commit yet: nothing to mine"
        raise HistoryError(place, problem) from error


def _borrow(path: Path, borrowing: Path, common: Path, head: str) -> Repository:
    kind = "sha256" if len(head) == 64 else "sha1"
    init = ("init", "--quiet", "--bare", "--template=", f"--object-format={kind}")
    _git((*init, str(borrowing)), where=path)
    info = borrowing / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_bytes(os.fsencode(common / "objects") + b"\n")
    shallow = common / "shallow"
    if shallow.is_file():
        shutil.copyfile(shallow, borrowing / "shallow")
    name = _SNAPSHOT.sub("", path.resolve().name.removesuffix(".git")) or "repository"
    return Repository(path, head, name, shallow.is_file(), borrowing)
