"""The root folder of a mount: whether it is there, how it is made, and its lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ...errors import LockTimeoutError, StorageError
from ...names import split
from .folders import open_root
from .system import System, release

_FIRST_WAIT, _LONGEST_WAIT = 0.0002, 0.01


class Mountpoint:
    """A root folder. `durable` says whether to wait for the disk.

    Processes exclude each other with a lock on the folder itself, so no lock file is left behind.
    """

    def __init__(self, root: str, system: System, *, durable: bool, lock_timeout: float) -> None:
        self.root = root
        self.system = system
        self.durable = durable
        self._lock_timeout = lock_timeout
        self._was_there = False

    def is_there(self) -> bool:
        """Whether the root is there; one that was there and is gone is an error."""
        if self._is_folder(self.root):
            self._was_there = True
            return True
        if self._was_there:
            raise StorageError(
                "the mount is gone",
                location=self.root,
                hint="mount it again, or bring the folder back",
            )
        return False

    @contextmanager
    def made(self) -> Iterator[None]:
        """Make the root of a mount that was never there, and unmake it if the body fails."""
        made: list[str] = []
        try:
            if not self.is_there():
                self._make(made)
            yield
        except BaseException:
            for folder in reversed(made):
                with suppress(OSError):
                    self.system.rmdir(folder)
            raise

    @contextmanager
    def locked(self, *, exclusive: bool) -> Iterator[int]:
        """The open root, locked: for one writer, or for any number of readers."""
        root_fd = open_root(self.system, self.root)
        try:
            self._wait(lambda: self.system.lock(root_fd, exclusive=exclusive))
            try:
                self._was_there = True
                yield root_fd
            finally:
                with suppress(OSError):  # Closing unlocks as well.
                    self.system.unlock(root_fd)
        finally:
            release(self.system, root_fd)

    def _make(self, made: list[str]) -> None:
        """Make the root and the folders above it; `made` gets each of them, outermost first."""
        missing = [self.root]
        while not self._is_folder(above := split(missing[-1])[0] or "/"):
            missing.append(above)
        for folder in reversed(missing):
            with suppress(FileExistsError):
                self.system.mkdir(folder)
                made.append(folder)
                self._sync(split(folder)[0] or "/")

    def _sync(self, folder: str) -> None:
        if self.durable:
            fd = open_root(self.system, folder)
            try:
                self.system.fsync(fd)
            finally:
                release(self.system, fd)

    def _is_folder(self, path: str) -> bool:
        try:
            release(self.system, open_root(self.system, path))
        except FileNotFoundError:
            return False
        return True

    def _wait(self, attempt: Callable[[], bool]) -> None:
        """Poll for the lock: a blocking wait could not be bounded without signals."""
        deadline = time.monotonic() + self._lock_timeout
        pause = _FIRST_WAIT
        while not attempt():
            if time.monotonic() > deadline:
                raise LockTimeoutError(
                    f"another process holds the mount for more than {self._lock_timeout} s",
                    location=self.root,
                    hint="let it finish, or end it: its lock goes with it",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_WAIT)
