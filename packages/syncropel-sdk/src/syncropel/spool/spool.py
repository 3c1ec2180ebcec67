"""The spool as programs use it: accepted records on the disk until the server has them."""

import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from ..envelope import read_envelope
from ..errors import InvalidArgumentError, SpoolError, SpoolFullError
from ..telemetry import NO_TELEMETRY, Telemetry
from .file import SpoolFile
from .records import Entry, SpooledRecord, SpoolStats, State
from .writer import Group, GroupWriter

WhenFull = Literal["refuse", "drop_oldest"]
_spools: "weakref.WeakSet[Spool]" = weakref.WeakSet()
_MOST_IN_MEMORY: Final = 64 << 20


class Spool:
    """A durable queue in one file, shared by any number of clients and processes.

    A record is accepted when it is on the disk (`fsync`), and leaves when the server has
    answered with its id. Nothing accepted is given up unless a limit here says so, and what is
    given up is counted by reason: `age`, `size`, `asked`; refused new records count as `full`.

    Args:
        path: the file; its folder is made, the file is readable by its owner alone. Keep it on
            a local disk: SQLite's write-ahead mode does not work over a network.
        max_bytes: how much may be kept.
        when_full: `refuse` new records (the default), or `drop_oldest`.
        max_age_s: give up what has waited longer; never, by default.
        poll_s: how often a drain looks for records of other processes.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        max_bytes: int = 1 << 30,
        when_full: WhenFull = "refuse",
        max_age_s: float | None = None,
        poll_s: float = 1.0,
    ) -> None:
        if when_full not in {"refuse", "drop_oldest"}:
            raise InvalidArgumentError(
                f"when_full is 'refuse' or 'drop_oldest', not {when_full!r}", field="when_full"
            )
        self.path = Path(path)
        self.max_bytes = max_bytes
        self.when_full = when_full
        self.max_age_s = max_age_s
        self.poll_s = poll_s
        self._file: SpoolFile | None = None
        self._clients = 0
        self._watchers: tuple[Telemetry, ...] = ()
        self._begin()
        _spools.add(self)

    def submit(self, entries: Sequence[Entry]) -> Group:
        """Add records to the next commit; wait for the group to know that they are kept.

        Each entry then holds its record as it was kept, or the fault that kept it away.

        Raises:
            SpoolError: the spool takes nothing at the moment.
        """
        return self._writer.submit(entries)

    def keep(self, wires: Sequence[bytes]) -> None:
        """Keep finished records, as their canonical bytes, and return when they are on the disk.

        Their clocks are their makers' own and stay. One that is here already stays as it is.

        Raises:
            SpoolError: none of them was kept.
        """
        entries = [Entry(read_envelope(wire, own_clock=True)) for wire in wires]
        with self.opened() as file:
            self._make_room(file, entries)
            if entries and entries[-1].fault is not None:
                raise entries[-1].fault
            file.add(entries)

    def stats(self) -> SpoolStats:
        """Count what is kept, given up and renamed."""
        with self.opened() as file:
            return file.stats()

    def list(
        self, *, state: State | None = None, thread: str | None = None, limit: int = 100
    ) -> list[SpooledRecord]:
        """Return records in the order they were accepted."""
        with self.opened() as file:
            return file.list(state=state, thread=thread, limit=limit)

    def get(self, record_id: str) -> SpooledRecord | None:
        """Return one record, also by an id it has given up."""
        with self.opened() as file:
            return file.get(record_id)

    def current_id(self, record_id: str) -> str:
        """Return the id a record has now, after losing its clock to another writer."""
        with self.opened() as file:
            return file.current_id(record_id)

    def retry(self, *, parked: bool = False) -> int:
        """Let held (and, where asked, parked) records be sent again; returns how many parked."""
        with self.opened() as file:
            return file.release(parked=parked)

    def drop(self, ids: Sequence[str] | None = None, *, state: State | None = None) -> int:
        """Give up records by id or by state (all, with neither); returns how many."""
        with self.opened() as file:
            dropped = file.drop(ids, state=state)
        self.gave_up("asked", dropped)
        return dropped

    def gave_up(self, reason: str, records: int) -> None:
        """Tell one of those who watch, so that nobody counts a record twice."""
        if records and self._watchers:
            self._watchers[0].dropped(reason, records)

    def attach(self, telemetry: Telemetry = NO_TELEMETRY) -> None:
        """Count one more client that uses this spool, and may want to know what is given up."""
        with self._lock:
            self._clients += 1
            if telemetry is not NO_TELEMETRY:
                self._watchers = (*self._watchers, telemetry)

    def detach(self, telemetry: Telemetry = NO_TELEMETRY) -> None:
        """Count one client less; the last one closes the file."""
        with self._lock:
            self._clients -= 1
            last = self._clients <= 0
            self._watchers = tuple(each for each in self._watchers if each is not telemetry)
        if last:
            self.close()

    def close(self) -> None:
        """Close the file; everything accepted stays in it."""
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            file.close()

    @contextmanager
    def opened(self) -> Iterator[SpoolFile]:
        """Open the file for one use."""
        file = SpoolFile(self.path)
        try:
            yield file
        finally:
            file.close()

    def _begin(self) -> None:
        self._file = None
        self._lock = threading.Lock()
        self._writer = GroupWriter(
            self.path, self._for_writing, self._make_room, max_bytes=_MOST_IN_MEMORY
        )

    def _for_writing(self) -> SpoolFile:
        """The writer thread's own connection."""
        with self._lock:
            if self._file is None:
                self._file = SpoolFile(self.path)
            elif not self.path.exists():
                raise SpoolError("the file has been removed", path=self.path)
            return self._file

    def _make_room(self, file: SpoolFile, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Apply the limits before records are kept; returns those that fit."""
        if self.max_age_s is not None:
            self.gave_up("age", file.drop_older(time.time() - self.max_age_s))
        if self.when_full == "refuse":
            fitting = _prefix(entries, file.room(self.max_bytes, wanted=_size(entries)))
        else:
            fitting = _prefix(entries, self.max_bytes)
            self._make_way(file, _size(fitting))
        if len(fitting) < len(entries):
            self._refuse(file, entries[len(fitting) :])
        return fitting

    def _make_way(self, file: SpoolFile, size: int) -> None:
        while (missing := size - file.room(self.max_bytes, wanted=size)) > 0:
            self.gave_up("size", file.drop_oldest(missing))

    def _refuse(self, file: SpoolFile, entries: Sequence[Entry]) -> None:
        full = SpoolFullError(
            f"the spool is full ({self.max_bytes} bytes); nothing new is kept", path=self.path
        )
        for entry in entries:
            entry.fault = full
        file.refused(len(entries))
        self.gave_up("full", len(entries))

    def forked(self) -> None:
        """Start anew in a child process, which has none of the parent's threads."""
        self._begin()


def _size(entries: Sequence[Entry]) -> int:
    return sum(len(entry.envelope.wire) for entry in entries)


def _prefix(entries: Sequence[Entry], room: int) -> Sequence[Entry]:
    """Return the first entries, as many as fit."""
    for index, entry in enumerate(entries):
        room -= len(entry.envelope.wire)
        if room < 0:
            return entries[:index]
    return entries


def _after_fork() -> None:
    for spool in tuple(_spools):
        spool.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
