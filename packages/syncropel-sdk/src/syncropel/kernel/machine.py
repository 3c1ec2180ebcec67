"""The kernel: what may be stored, under which id, and who is told.

One record per (thread, actor, clock); the same id again changes nothing. The machine does no
input or output of its own and knows no clock: give it a store, hand it parsed JSON.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .check import Checked, Refusal, check_record
from .memory import MemoryStore
from .store import Store, StoreCeilingError, StoredRecord


@dataclass(frozen=True, slots=True)
class KernelLimits:
    """What a kernel takes at most; announced by its capabilities."""

    record_bytes: int = 1 << 20
    batch_records: int = 1_000
    batch_bytes: int = 8 << 20
    page: int = 1_000


@dataclass(frozen=True, slots=True)
class Ingested:
    """A record that is in the store, now or already before."""

    record: StoredRecord
    created: bool


Admission = Callable[[Checked], Refusal | None]
"""A rule of the host's: scopes, namespaces, signatures. None means welcome."""


class Kernel:
    """Validates, deduplicates and stores records, and tells listeners that there are new ones."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        limits: KernelLimits | None = None,
        admit: Admission = lambda checked: None,  # noqa: ARG005 (everybody is welcome)
    ) -> None:
        self.store: Store = MemoryStore() if store is None else store
        self.limits = limits or KernelLimits()
        self._admit = admit
        self._listeners: set[Callable[[], object]] = set()

    def ingest(self, record: object) -> Ingested | Refusal:
        """Take one record."""
        return self.ingest_many([record])[0]

    def ingest_many(self, records: Sequence[object]) -> list[Ingested | Refusal]:
        """Take records in order; each is judged for itself, what is stored is stored at once."""
        pending = _Pending(self.store)
        answers = [self._judge(record, pending) for record in records]
        if not pending.new:
            return answers
        try:
            self.store.append(list(pending.new.values()))
        except StoreCeilingError as error:
            full = Refusal(507, "STORE_CEILING_REACHED", str(error))
            return [
                full
                if isinstance(answer, Ingested) and answer.record["id"] in pending.new
                else answer
                for answer in answers
            ]
        for listener in tuple(self._listeners):
            listener()
        return answers

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every change; returns the function that stops it."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def _judge(self, record: object, pending: "_Pending") -> Ingested | Refusal:
        checked = check_record(record, max_bytes=self.limits.record_bytes)
        if isinstance(checked, Refusal):
            return checked
        known = pending.get(checked.id)
        if known is not None:
            return Ingested(known, created=False)
        refused = self._admit(checked)
        if refused is not None:
            return refused
        return pending.add(checked)


class _Pending:
    """What one call will append, with the store behind it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sequence = store.last_sequence()
        self._slots: set[tuple[str, str, int]] = set()
        self.new: dict[str, StoredRecord] = {}

    def get(self, record_id: str) -> StoredRecord | None:
        return self.new.get(record_id) or self._store.get(record_id)

    def add(self, checked: Checked) -> Ingested | Refusal:
        fields: dict[str, Any] = checked.fields
        thread, actor, clock = slot = (fields["thread"], fields["actor"], fields["clock"])
        if slot in self._slots or self._store.holder(*slot) is not None:
            return Refusal(
                400,
                "INGEST_FAILED",
                f"DuplicateClock: thread={thread} actor={actor} clock={clock}",
            )
        self._slots.add(slot)
        self._sequence += 1
        stored = {"object": "record", "id": checked.id, "sequence": self._sequence, **fields}
        self.new[checked.id] = stored
        return Ingested(stored, created=True)
