"""Grouped commits: whoever enqueues while the disk is busy shares the next fsync.

One daemon thread takes everything that has gathered and commits it in one transaction. A
hundred callers wait for one fsync, not for a hundred.
"""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..errors import SpoolError
from .file import SpoolFile
from .records import Entry

Check = Callable[[SpoolFile, list[Entry]], SpoolError | None]
_MOST: Final = 5_000
_IDLE_S: Final = 5.0


class Group:
    """Records that are committed together, and everybody who waits for that."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.size = 0
        self.fault: SpoolError | None = None
        self._finished = threading.Event()
        self._events: dict[asyncio.AbstractEventLoop, asyncio.Event] = {}
        self._lock = threading.Lock()

    async def wait(self) -> None:
        """Return when the records are on the disk.

        Raises:
            SpoolError: they are not, and none of them was kept.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            event = self._events.setdefault(loop, asyncio.Event())
            if self._finished.is_set():
                event.set()
        await event.wait()
        if self.fault is not None:
            raise self.fault

    def wait_blocking(self, seconds: float) -> None:
        """The same, for callers without an event loop."""
        if not self._finished.wait(seconds) and self.fault is None:
            raise TimeoutError(f"the disk did not answer within {seconds} s")
        if self.fault is not None:
            raise self.fault

    def finish(self, fault: SpoolError | None) -> None:
        """Wake everybody."""
        with self._lock:
            self.fault = fault
            self._finished.set()
            events = list(self._events.items())
        for loop, event in events:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


class GroupWriter:
    """The thread that writes; started by the first record, ended when idle."""

    def __init__(
        self, path: Path, open_file: Callable[[], SpoolFile], check: Check, *, max_bytes: int
    ) -> None:
        self._path = path
        self._open_file = open_file
        self._check = check
        self._max_bytes = max_bytes
        self._condition = threading.Condition()
        self._group = Group()
        self._running = False

    def submit(self, entry: Entry) -> Group:
        """Add a record to the next commit; returns what to wait for.

        Raises:
            SpoolError: more waits for the disk than may wait.
        """
        with self._condition:
            group = self._group
            if group.size > self._max_bytes:
                raise SpoolError("the disk cannot keep up", path=self._path)
            group.entries.append(entry)
            group.size += len(entry.envelope.wire)
            if not self._running:
                self._running = True
                threading.Thread(target=self._write, name="syncropel-spool", daemon=True).start()
            elif len(group.entries) == 1:
                self._condition.notify()
            return group

    def _write(self) -> None:
        while True:
            with self._condition:
                if not self._group.entries:
                    self._condition.wait(_IDLE_S)
                group, self._group = self._group, Group()
                if not group.entries:
                    self._running = False
                    self._group = group
                    return
            group.finish(self._commit(group.entries))

    def _commit(self, entries: list[Entry]) -> SpoolError | None:
        try:
            file = self._open_file()
            for start in range(0, len(entries), _MOST):
                part = entries[start : start + _MOST]
                fault = self._check(file, part)
                if fault is not None:
                    return fault
                file.add(part)
        except SpoolError as error:
            return error
        except Exception as error:  # noqa: BLE001 (the thread must live; the waiters are told)
            return SpoolError(f"{type(error).__name__}: {error}", path=self._path)
        return None
