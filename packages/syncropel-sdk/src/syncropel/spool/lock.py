"""One drain per spool: a lock of the operating system, gone with the process that held it.

`flock` locks belong to an open file, so two clients of one process exclude each other too. A
forked child inherits the open file; it closes its copy at once, or it would keep the lock of a
parent that has died.
"""

import os
import sys
import weakref
from pathlib import Path
from typing import BinaryIO

_held: "weakref.WeakSet[DrainLock]" = weakref.WeakSet()


class DrainLock:
    """The right to send a spool's records, taken without waiting."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_name(spool.name + ".drain")
        self._file: BinaryIO | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def acquire(self) -> bool:
        """Take the lock; False where another drain has it or the folder is gone."""
        if self._file is not None:
            return True
        try:
            file = self._path.open("ab")
        except OSError:
            return False
        if not _lock(file):
            file.close()
            return False
        self._file = file
        _held.add(self)
        return True

    def release(self) -> None:
        """Give the lock back."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _forget_inherited() -> None:
    for lock in tuple(_held):
        lock.release()


if sys.platform == "win32":  # pragma: no cover (the project's own tests run on POSIX)
    import msvcrt

    def _lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    os.register_at_fork(after_in_child=_forget_inherited)
