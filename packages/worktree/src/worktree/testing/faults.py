"""Make any single system call fail, or be the last one that a process makes.

Wrap the system that a `FilesystemStorage` uses:

    storage = FilesystemStorage(path, system=Faults(RealSystem(), at=7, fault="kill"))
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from ..storage.filesystem.system import System

Fault: TypeAlias = Literal["kill", "torn", "EIO", "ENOSPC", "sticky EIO", "sticky ENOSPC"]
FAULTS: tuple[Fault, ...] = ("kill", "torn", "EIO", "ENOSPC", "sticky EIO", "sticky ENOSPC")
_CALLS = {
    "open",
    "close",
    "read",
    "write",
    "pwrite",
    "ftruncate",
    "fsync",
    "fchmod",
    "fstat",
    "lstat",
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
    "listdir",
    "lock",
    "unlock",
}


class Killed(BaseException):
    """Stands for the end of a process: no handler may go on working after it."""


class Faults:
    """Counts system calls, and breaks the one with the number `at` (from 0).

    "kill" ends the process before the call; "torn" lets a write do half of its work first.
    "EIO" and "ENOSPC" fail one call, "sticky" ones also every later call that changes anything.
    After a kill every call raises Killed, and what was open is closed, as the kernel does.
    """

    def __init__(self, system: System, *, at: int = -1, fault: Fault = "kill") -> None:
        self._system = system
        self._at = at
        self._fault = fault
        self._open: set[int] = set()
        self.calls = 0
        self.is_dead = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _CALLS:
            raise AttributeError(name)
        return lambda *args, **more: self._call(name, args, more)

    def _call(self, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        if self.is_dead:
            raise Killed
        number = self.calls
        self.calls += 1
        if number == self._at:
            self._break(name, args, more)
        elif 0 <= self._at < number and self._fault.startswith("sticky") and _changes(name, args):
            raise self._error()
        result = getattr(self._system, name)(*args, **more)
        if name == "open":
            self._open.add(result)
        elif name == "close":
            self._open.discard(args[0])
        return result

    def _break(self, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> None:
        if self._fault in {"kill", "torn"}:
            if self._fault == "torn" and name in {"write", "pwrite"}:
                half = args[1][: len(args[1]) // 2]
                getattr(self._system, name)(args[0], half, *args[2:], **more)
            self.kill()
            raise Killed
        if name == "close":
            getattr(self._system, name)(*args)  # The descriptor is gone even if close fails.
            self._open.discard(args[0])
        raise self._error()

    def kill(self) -> None:
        """End the process here."""
        self.is_dead = True
        for fd in self._open:
            self._system.close(fd)
        self._open.clear()

    def _error(self) -> OSError:
        number = errno.ENOSPC if self._fault.endswith("ENOSPC") else errno.EIO
        return OSError(number, os.strerror(number))


def _changes(name: str, args: tuple[Any, ...]) -> bool:
    if name == "open":
        return bool(args[1] & os.O_CREAT)
    return name in {"write", "pwrite", "fsync", "rename", "mkdir", "ftruncate", "unlink", "rmdir"}
