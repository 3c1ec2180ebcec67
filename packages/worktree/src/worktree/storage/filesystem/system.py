"""The system calls that the filesystem driver makes, in one place.

Every call of the driver goes through an object like this one, so that a test can stop, fail or
lose any single one of them (`worktree.testing.faults`, `worktree.testing.disk`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Protocol

try:
    import fcntl
except ImportError:  # Windows: the package imports, the filesystem driver says what it needs.
    fcntl = None  # type: ignore[assignment]


class System(Protocol):
    """What the driver needs of an operating system; names and meanings are those of `os`."""

    def open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """Open relative to a folder."""

    def close(self, fd: int) -> None:
        """Close."""

    def read(self, fd: int, size: int) -> bytes:
        """Read up to `size` bytes."""

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """Write some of the bytes; the number written."""

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:
        """Write some of the bytes at an offset; the number written."""

    def ftruncate(self, fd: int, length: int) -> None:
        """Cut."""

    def fsync(self, fd: int) -> None:
        """Wait until it is on the disk."""

    def fchmod(self, fd: int, mode: int) -> None:
        """Set permissions."""

    def fstat(self, fd: int) -> os.stat_result:
        """Look at an open file."""

    def lstat(self, path: str, *, dir_fd: int) -> os.stat_result:
        """Look at a name, without following it."""

    def rename(self, src: str, dst: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        """Give a file another name, in one step."""

    def unlink(self, path: str, *, dir_fd: int) -> None:
        """Remove a name."""

    def mkdir(self, path: str, *, dir_fd: int | None = None) -> None:
        """Make a folder."""

    def rmdir(self, path: str, *, dir_fd: int | None = None) -> None:
        """Remove an empty folder."""

    def listdir(self, fd: int) -> list[str]:
        """The names in an open folder."""

    def lock(self, fd: int, *, exclusive: bool) -> bool:
        """Try to lock an open folder; whether it worked."""

    def unlock(self, fd: int) -> None:
        """Let go of the lock."""


class RealSystem:
    """The operating system itself."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    ftruncate = staticmethod(os.ftruncate)
    fsync = staticmethod(os.fsync)
    fstat = staticmethod(os.fstat)
    rename = staticmethod(os.rename)
    unlink = staticmethod(os.unlink)
    rmdir = staticmethod(os.rmdir)
    if fcntl is not None:
        pwrite = staticmethod(os.pwrite)
        fchmod = staticmethod(os.fchmod)

    @staticmethod
    def lstat(path: str, *, dir_fd: int) -> os.stat_result:
        """`os.stat` without following a link."""
        return os.stat(path, dir_fd=dir_fd, follow_symlinks=False)

    @staticmethod
    def listdir(fd: int) -> list[str]:
        """`os.listdir` of an open folder."""
        return os.listdir(fd)

    @staticmethod
    def mkdir(path: str, *, dir_fd: int | None = None) -> None:
        """`os.mkdir` with the permissions that the umask leaves."""
        os.mkdir(path, dir_fd=dir_fd)

    @staticmethod
    def lock(fd: int, *, exclusive: bool) -> bool:
        """`flock`: the kernel lets go of it when the process dies, however it dies."""
        try:
            fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @staticmethod
    def unlock(fd: int) -> None:
        """Unlocked for a forked child too, which shares the open folder."""
        fcntl.flock(fd, fcntl.LOCK_UN)


def release(system: System, fd: int) -> None:
    """Close what was only read, or a folder. No data hangs on it, so a failure means nothing."""
    with suppress(OSError):
        system.close(fd)


def can_mount_files() -> bool:
    """Whether this operating system has what the driver is built on."""
    return fcntl is not None
