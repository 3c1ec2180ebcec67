"""The kernel: what may be stored, under which id, and who is told.

One record per (thread, actor, clock); the same id again changes nothing. The machine does no
input or output of its own and knows no clock: give it a store, hand it parsed JSON.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import StoreError
from .check import Checked, Refusal, check_record
from .memory import MemoryStore
from .store import Slot, Store, StoredRecord
from .trouble import refusal_of


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


Listener = Callable[[Collection[str] | None], object]
"""Is told which threads have new records; None means that any may have."""

Admission = Callable[[Checked], Refusal | None]
"""A rule of the host's: scopes, namespaces, signatures. None means welcome."""


def everybody_is_welcome(checked: Checked) -> Refusal | None:  # noqa: ARG001 (see Admission)
    """Admit every record that is one."""
    return None


class Kernel:
    """Validates, deduplicates and stores records, and tells listeners that there are new ones."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        limits: KernelLimits | None = None,
        admit: Admission = everybody_is_welcome,
    ) -> None:
        self.store: Store = MemoryStore() if store is None else store
        self.limits = limits or KernelLimits()
        self._admit = admit
        self._listeners: set[Listener] = set()

    def ingest(self, record: object) -> Ingested | Refusal:
        """Take one record."""
        return self.ingest_many([record])[0]

    def ingest_many(self, records: Sequence[object]) -> list[Ingested | Refusal]:
        """Take records in order; each is judged for itself, what is stored is stored at once."""
        return self.commit([self.judge(record) for record in records])

    def judge(
        self, record: object, *, admit: Admission = everybody_is_welcome
    ) -> Checked | Refusal:
        """Decide about a record by itself, whatever the store holds. Pure, and safe in any thread.

        `admit` is asked before the kernel's own rule: what the caller may do.
        """
        checked = check_record(record, max_bytes=self.limits.record_bytes)
        if isinstance(checked, Refusal):
            return checked
        return admit(checked) or self._admit(checked) or checked

    def commit(self, judged: Sequence[Checked | Refusal]) -> list[Ingested | Refusal]:
        """Store what was judged welcome, all in one transaction, and tell the listeners."""
        if all(isinstance(each, Refusal) for each in judged):
            return [each for each in judged if isinstance(each, Refusal)]
        answers: list[Ingested | Refusal] = []
        pending = _Pending()
        try:
            with self.store.writing():
                pending.look_up(self.store, judged)
                answers = [
                    each if isinstance(each, Refusal) else pending.add(each) for each in judged
                ]
                if pending.new:
                    self.store.append(list(pending.new.values()))
        except StoreError as error:
            return _refused(answers or judged, pending.new, refusal_of(error))
        if pending.new:
            self.announce({record["thread"] for record in pending.new.values()})
        return answers

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after every change; returns the function that stops it."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def announce(self, threads: Collection[str] | None) -> None:
        """Tell the listeners of new records, also of those that another process stored."""
        for listener in tuple(self._listeners):
            listener(threads)


class _Pending:
    """What one call will append, beside what the store already holds of it."""

    def __init__(self) -> None:
        self.new: dict[str, StoredRecord] = {}
        self._known: dict[str, StoredRecord] = {}
        self._taken: set[Slot] = set()
        self._sequence = 0

    def look_up(self, store: Store, judged: Sequence[Checked | Refusal]) -> None:
        checked = [each for each in judged if isinstance(each, Checked)]
        self._taken = store.taken({_slot(each) for each in checked})
        # An id stands for its slot too: where the slot is free, the record cannot be known.
        self._known = store.find({each.id for each in checked if _slot(each) in self._taken})
        self._sequence = store.last_sequence()

    def add(self, checked: Checked) -> Ingested | Refusal:
        known = self.new.get(checked.id) or self._known.get(checked.id)
        if known is not None:
            return Ingested(known, created=False)
        thread, actor, clock = slot = _slot(checked)
        if slot in self._taken:
            return Refusal(
                400,
                "INGEST_FAILED",
                f"DuplicateClock: thread={thread} actor={actor} clock={clock}",
            )
        self._taken.add(slot)
        self._sequence += 1
        stored = {
            "object": "record", "id": checked.id, "sequence": self._sequence, **checked.fields,
        }  # fmt: skip
        self.new[checked.id] = stored
        return Ingested(stored, created=True)


def _slot(checked: Checked) -> Slot:
    fields: dict[str, Any] = checked.fields
    return (fields["thread"], fields["actor"], fields["clock"])


def _refused(
    answers: Sequence[Ingested | Checked | Refusal],
    lost: Mapping[str, StoredRecord],
    trouble: Refusal,
) -> list[Ingested | Refusal]:
    """What was refused stays refused and what was known stays known; the rest was not kept."""
    return [
        each
        if isinstance(each, Refusal)
        or (isinstance(each, Ingested) and each.record["id"] not in lost)
        else trouble
        for each in answers
    ]
