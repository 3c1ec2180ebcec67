"""Writing files so that a crash leaves the old one or the new one, never half of one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import StoreError


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace a file as a whole, durably: on return it survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Make durable what a file holds, or which names a folder holds."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make durable everything below a folder, and the folder."""
    for path in (*folder.rglob("*"), folder):
        sync(path)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the file system refuses (a full disk, a missing right) into a `StoreError`."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise StoreError(f"{where}{error.strerror or error}") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the operating system drops it when the process ends."""
    try:
        import fcntl
    except ImportError as error:  # pragma: no cover - Windows
        raise StoreError("a store in a folder needs file locks, which are not here") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
