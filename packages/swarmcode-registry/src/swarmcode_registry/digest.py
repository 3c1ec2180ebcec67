"""SHA-256 of files, several at once, without reading one into memory.

A file is opened without following links, must be a regular file, and is hashed to its end; a file
that grows or shrinks meanwhile is an error, not a digest. hashlib lets go of the interpreter's
lock while it works, so that threads use every core.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from .errors import AdapterError, AdapterMissingError, UnsafeFileError
from .manifest import AgentFile
from .progress import OnProgress, Progress, silent

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: its length and SHA-256."""

    size: int
    sha256: str


@contextmanager
def open_regular(path: Path) -> Iterator[FileIO]:
    """Open a regular file, never through a link, or raise `AdapterError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _BINARY)
    except FileNotFoundError as error:
        raise AdapterMissingError(path, "does not exist") from error
    except OSError as error:
        if path.is_symlink():
            raise UnsafeFileError(path, "is a symbolic link: put the file itself there") from error
        raise AdapterError(path, f"cannot be read: {error.strerror}") from error
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - it is a descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnsafeFileError(path, "is not a regular file")
        yield file


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a named pipe must not hold us up before we look at it
_BINARY = getattr(os, "O_BINARY", 0)


def hash_file(path: Path, *, name: str = "", on_progress: OnProgress = silent) -> Content:
    """Return what a file holds; report each block under `name`."""
    sha256 = hashlib.sha256()
    block = memoryview(bytearray(BLOCK))
    seen = 0
    with open_regular(path) as file:
        promised = os.fstat(file.fileno()).st_size
        while count := file.readinto(block):
            sha256.update(block[:count])
            seen += count
            on_progress(Progress("hash", name or path.name, count, promised))
    if seen != promised:
        raise AdapterError(path, f"changed from {promised} to {seen} bytes while it was read")
    return Content(seen, sha256.hexdigest())


def hash_tree(
    folder: Path,
    paths: Iterable[str],
    *,
    workers: int | None = None,
    on_progress: OnProgress = silent,
) -> tuple[AgentFile, ...]:
    """Return the entry of every file, in the order of their paths; files are hashed in parallel."""

    def entry(path: str) -> AgentFile:
        content = hash_file(folder / path, name=path, on_progress=on_progress)
        return AgentFile(path=path, size=content.size, sha256=content.sha256)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        return tuple(pool.map(entry, sorted(paths)))
