"""Make any single call fail: a system call of the filesystem driver, or a call of any driver.

Wrap the system that a `FilesystemStorage` uses, to fail a call or to end the process there:

    storage = FilesystemStorage(path, system=Faults(RealSystem(), at=7, fault="kill"))

Or wrap a driver of your own, to see what a tree makes of its failures:

    storage = FaultyStorage(MyStorage(...), at=2, when="after")
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from ..errors import StorageError
from ..storage.contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    Selection,
    Storage,
    Token,
)
from ..storage.filesystem.system import System

Fault: TypeAlias = Literal["kill", "torn", "EIO", "ENOSPC", "sticky EIO", "sticky ENOSPC"]
FAULTS: tuple[Fault, ...] = ("kill", "torn", "EIO", "ENOSPC", "sticky EIO", "sticky ENOSPC")
Result = TypeVar("Result")
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


class FaultyStorage:
    """A driver around another one whose call number `at` (from 0) fails.

    "before" fails instead of doing the work; "after" does the work and loses the answer, as a
    network does.
    """

    def __init__(
        self, storage: Storage, *, at: int, when: Literal["before", "after"] = "before"
    ) -> None:
        self.inner = storage
        self.calls = 0
        self._at = at
        self._when = when

    @property
    def capabilities(self) -> Capabilities:
        """Those of the driver inside."""
        return self.inner.capabilities

    def read(self, selection: Selection) -> Contents:
        """Read, unless it is this call's turn to fail."""
        return self._call(lambda: self.inner.read(selection))

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """List, unless it is this call's turn to fail."""
        return self._call(lambda: self.inner.entries(folder))

    def apply(self, changes: Sequence[Change], expected: Expected) -> Mapping[str, Token]:
        """Apply, unless it is this call's turn to fail."""
        return self._call(lambda: self.inner.apply(changes, expected))

    def recover(self) -> Sequence[str]:
        """Recover, unless it is this call's turn to fail."""
        return self._call(self.inner.recover)

    def locate(self, key: str) -> str:
        """Where the driver inside stores a key."""
        return self.inner.locate(key)

    def _call(self, work: Callable[[], Result]) -> Result:
        number = self.calls
        self.calls += 1
        if number != self._at:
            return work()
        if self._when == "after":
            work()
        raise StorageError(f"call {number} fails, as it was told to", location=self.locate(""))
