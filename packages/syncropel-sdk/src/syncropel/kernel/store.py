"""What the kernel asks of whatever keeps its records.

A store is dumb on purpose: it appends, looks up and scans. Every rule lives in the kernel, so
that memory, SQLite and PostgreSQL cannot disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

StoredRecord = dict[str, Any]
"""A record as doors answer it: the hashed fields with `object`, `id` and `sequence`."""


class StoreCeilingError(Exception):
    """The store is full; nothing of what was being appended was kept."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records a scan visits, in the order of their sequence. Criteria are joined by AND."""

    thread: str | None = None
    actor: str | None = None
    kind: str | None = None
    ref: str | None = None
    above_clock: int | None = None
    """Only records whose clock is strictly greater."""
    after_sequence: int = 0
    """Only records stored after this one."""


@dataclass(frozen=True, slots=True)
class ThreadState:
    """A thread at a glance; `actor_clocks` holds the highest clock of each actor."""

    thread: str
    records: int = 0
    last_sequence: int = 0
    actor_clocks: dict[str, int] = field(default_factory=dict)


class Store(Protocol):
    """Keeps records. Calls come from one thread at a time."""

    name: str

    def append(self, records: Sequence[StoredRecord]) -> None:
        """Keep all of `records` or none; durable on return.

        Raises:
            StoreCeilingError: there is no room.
        """
        ...

    def get(self, record_id: str) -> StoredRecord | None:
        """Return the record with this id."""
        ...

    def holder(self, thread: str, actor: str, clock: int) -> str | None:
        """Return the id of the record that holds this clock of this actor in this thread."""
        ...

    def scan(self, selection: Selection) -> Iterator[StoredRecord]:
        """Visit matching records by ascending sequence."""
        ...

    def thread_state(self, thread: str) -> ThreadState | None:
        """Return what is known about a thread, or None where it has no record."""
        ...

    def threads(self) -> Iterator[ThreadState]:
        """Visit every thread, in the order of their first record."""
        ...

    def last_sequence(self) -> int:
        """Return the sequence of the newest record, 0 where there is none."""
        ...

    def count(self) -> int:
        """Return how many records there are."""
        ...
