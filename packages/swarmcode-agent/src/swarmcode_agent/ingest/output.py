"""The folder that holds snapshots: one writer at a time, and nothing half-written in it.

A snapshot grows in a hidden folder and gets its name when it is whole. What a killed ingest left
is swept away by the next one; what it had learned is in the cache.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import IngestBusyError, OutputError
from .source import Source

CACHE = ".cache"
_PARTIAL = ".partial"


class Output:
    """An output folder, open for one ingest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache_file = folder / CACHE / "facts.sqlite"
        self.mirrors = folder / CACHE / "history"
        self._partial = folder / _PARTIAL

    @contextmanager
    def partial(self) -> Iterator[Path]:
        """Give an empty folder to write into; it is gone afterwards, unless it was published."""
        self.sweep()
        self._partial.mkdir()
        try:
            yield self._partial
        finally:
            self.sweep()

    def publish(self, name: str) -> Path:
        """Give the partial folder its name, all at once, and return the snapshot."""
        target = self.folder / name
        if not target.exists():
            self._partial.rename(target)
        return target

    def sweep(self) -> None:
        """Remove what is half-written."""
        shutil.rmtree(self._partial, ignore_errors=True)


@contextmanager
def open_output(folder: Path, source: Source) -> Iterator[Output]:
    """Make an output folder if need be, and hold it.

    Raises OutputError for one that cannot be used, IngestBusyError for one that is in use.
    """
    folder = folder.expanduser().absolute()
    _refuse_source(folder.resolve(), source)
    try:
        (folder / CACHE).mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / CACHE / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(str(folder), str(error.strerror)) from error
    try:
        _hold(lock, folder)
        yield Output(folder)
    except OSError as error:
        raise OutputError(str(error.filename or folder), str(error.strerror)) from error
    finally:
        os.close(lock)


def inside_source(folder: Path, source: Source) -> str | None:
    """Return where in the source an output folder lies, as a path of the repository, or None."""
    root = source.folder
    folder = folder.expanduser().resolve()
    if root is None or not folder.is_relative_to(root):
        return None
    return folder.relative_to(root).as_posix()


def _refuse_source(folder: Path, source: Source) -> None:
    root = source.folder
    if root is None or not folder.is_relative_to(root):
        return
    within = folder.relative_to(root).parts
    if not within:
        raise OutputError(str(folder), "it is the source itself, give another folder")
    if within[0] == ".git" or not (source.kind == "folder" or (root / ".git").exists()):
        raise OutputError(str(folder), "it lies in git's own folder, give another one")


def _hold(lock: int, folder: Path) -> None:
    """Lock for as long as the descriptor is open: the system lets go, however this ends."""
    try:
        import fcntl
    except ImportError:  # a system without fcntl: two ingests at a time are not kept apart there
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise IngestBusyError(str(folder)) from error
