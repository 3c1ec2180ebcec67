"""Grouped commits: whoever enqueues while the disk is busy shares the next fsync.

One daemon thread takes everything that has gathered and commits it in one transaction. A
hundred callers wait for one fsync, not for a hundred.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..errors import SpoolError
from .file import SpoolFile
from .records import Entry

MakeRoom = Callable[[SpoolFile, Sequence[Entry]], Sequence[Entry]]
"""Applies the limits; returns the entries that fit, and tells the others their fault."""
_ENOUGH: Final = 5_000
_IDLE_S: Final = 5.0


class Group:
    """Records that are committed together, and everybody who waits for that."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._finished = False
        self._events: dict[asyncio.AbstractEventLoop, asyncio.Event] = {}
        self._lock = threading.Lock()

    async def wait(self) -> None:
        """Return when every entry is on the disk, or has the fault that kept it away."""
        event = self._event(asyncio.get_running_loop())
        if event is not None:
            await event.wait()

    def finish(self) -> None:
        """Wake everybody."""
        with self._lock:
            self._finished = True
        for loop, event in self._events.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def _event(self, loop: asyncio.AbstractEventLoop) -> asyncio.Event | None:
        """Return what a loop's callers wait for; None where there is nothing left to wait for."""
        with self._lock:
            if self._finished:
                return None
            event = self._events.get(loop)
            if event is None:
                event = self._events[loop] = asyncio.Event()
            return event


class GroupWriter:
    """The thread that writes; started by the first record, ended when idle."""

    def __init__(
        self,
        path: Path,
        open_file: Callable[[], SpoolFile],
        make_room: MakeRoom,
        *,
        max_bytes: int,
    ) -> None:
        self._path = path
        self._open_file = open_file
        self._make_room = make_room
        self._max_bytes = max_bytes
        self._condition = threading.Condition()
        self._groups: deque[Group] = deque()
        self._waiting = 0
        self._running = False

    def submit(self, entries: Sequence[Entry]) -> Group:
        """Add records to the next commit; returns what to wait for.

        Raises:
            SpoolError: more waits for the disk than may wait.
        """
        with self._condition:
            if self._waiting > self._max_bytes:
                raise SpoolError("the disk cannot keep up", path=self._path)
            if not self._groups or len(self._groups[-1].entries) >= _ENOUGH:
                self._groups.append(Group())
                self._condition.notify()
            group = self._groups[-1]
            group.entries += entries
            self._waiting += _size(entries)
            if not self._running:
                self._running = True
                threading.Thread(target=self._write, name="syncropel-spool", daemon=True).start()
            return group

    def _write(self) -> None:
        while True:
            with self._condition:
                if not self._groups:
                    self._condition.wait(_IDLE_S)
                if not self._groups:
                    self._running = False
                    return
                group = self._groups.popleft()
                self._waiting -= _size(group.entries)
            self._commit(group.entries)
            group.finish()

    def _commit(self, entries: Sequence[Entry]) -> None:
        """Keep what fits, in one transaction; what is not kept knows why."""
        try:
            file = self._open_file()
            entries = self._make_room(file, entries)
            if entries:
                file.add(entries)
        except SpoolError as error:
            _fail(entries, error)
        except Exception as error:  # noqa: BLE001 (the thread must live; the waiters are told)
            _fail(entries, SpoolError(f"{type(error).__name__}: {error}", path=self._path))


def _size(entries: Sequence[Entry]) -> int:
    return sum(len(entry.envelope.wire) for entry in entries)


def _fail(entries: Sequence[Entry], fault: SpoolError) -> None:
    for entry in entries:
        entry.fault = fault
