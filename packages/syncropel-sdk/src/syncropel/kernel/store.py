"""What the kernel asks of whatever keeps its records.

A store is dumb on purpose: it appends, looks up and scans. Every rule lives in the kernel, so
that memory, SQLite and PostgreSQL cannot disagree. `syncropel.testing.StoreAcceptance` is what
each of them has to pass.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import StoreCeilingError

StoredRecord = dict[str, Any]
"""A record as doors answer it: the hashed fields with `object`, `id` and `sequence`."""

Slot = tuple[str, str, int]
"""A thread, an actor and a clock: room for one record."""

__all__ = ["Selection", "Slot", "Store", "StoreCeilingError", "StoredRecord", "ThreadState"]


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
    upto_sequence: int | None = None
    """Only records stored no later than this one."""


@dataclass(frozen=True, slots=True)
class ThreadState:
    """A thread at a glance; `actor_clocks` holds the highest clock of each actor."""

    thread: str
    records: int = 0
    last_sequence: int = 0
    actor_clocks: dict[str, int] = field(default_factory=dict)


class Store(Protocol):
    """Keeps records. One thread writes at a time; others may read meanwhile.

    What a disk or a database server cannot do is a `StoreError`.
    """

    @property
    def name(self) -> str:
        """What kind of store this is, in one word."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Keep all other writers out, also those of other processes, until the block ends.

        At its end everything appended is durable; where it raises, nothing of it is kept.

        Raises:
            StoreCeilingError: there is no room.
        """
        ...

    def append(self, records: Sequence[StoredRecord]) -> None:
        """Keep records whose sequences follow `last_sequence()`; inside `writing()` alone."""
        ...

    def get(self, record_id: str) -> StoredRecord | None:
        """Return the record with this id."""
        ...

    def find(self, ids: Iterable[str]) -> dict[str, StoredRecord]:
        """Return those of the records that there are, by their ids."""
        ...

    def taken(self, slots: Iterable[Slot]) -> set[Slot]:
        """Return those of the slots that hold a record already."""
        ...

    def scan(self, selection: Selection) -> Iterator[StoredRecord]:
        """Visit matching records by ascending sequence."""
        ...

    def containing(
        self, words: Sequence[str], selection: Selection, *, limit: int
    ) -> list[StoredRecord]:
        """Return the newest records whose bodies hold every one of the words, newest first."""
        ...

    def sequence_at(self, moment: float) -> int:
        """Return the sequence of the newest record stored before a moment, in Unix seconds."""
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

    def close(self) -> None:
        """Let go of files and connections; a closed store is of no further use."""
        ...
