"""The store that forgets everything at the end: for tests, and for the shape of the others."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from .store import Selection, StoreCeilingError, StoredRecord, ThreadState

_sequence = itemgetter("sequence")


class MemoryStore:
    """Keeps records in dictionaries; every look-up is one step, whatever a thread's length."""

    name = "memory"

    def __init__(self, *, max_records: int | None = None) -> None:
        self._max_records = max_records
        self.clear()

    def clear(self) -> None:
        """Forget every record; sequences start again at 1."""
        self._all: list[StoredRecord] = []
        self._by_id: dict[str, StoredRecord] = {}
        self._slots: dict[tuple[str, str, int], str] = {}
        self._by_thread: dict[str, list[StoredRecord]] = {}
        self._by_kind: dict[str, list[StoredRecord]] = {}
        self._by_actor: dict[str, list[StoredRecord]] = {}
        self._by_ref: dict[str, list[StoredRecord]] = {}
        self._clocks: dict[str, dict[str, int]] = {}

    def append(self, records: Sequence[StoredRecord]) -> None:
        """Keep all of `records` or none."""
        if self._max_records is not None and len(self._all) + len(records) > self._max_records:
            raise StoreCeilingError(f"the store holds at most {self._max_records} records")
        for record in records:
            thread, actor, clock = record["thread"], record["actor"], record["clock"]
            self._all.append(record)
            self._by_id[record["id"]] = record
            self._slots[thread, actor, clock] = record["id"]
            self._by_thread.setdefault(thread, []).append(record)
            self._by_actor.setdefault(actor, []).append(record)
            clocks = self._clocks.setdefault(thread, {})
            clocks[actor] = max(clocks.get(actor, 0), clock)
            kind = record["body"].get("kind")
            if isinstance(kind, str):
                self._by_kind.setdefault(kind, []).append(record)
            for ref in refs_of(record):
                self._by_ref.setdefault(ref, []).append(record)

    def get(self, record_id: str) -> StoredRecord | None:
        """Return the record with this id."""
        return self._by_id.get(record_id)

    def holder(self, thread: str, actor: str, clock: int) -> str | None:
        """Return the id of the record that holds this clock."""
        return self._slots.get((thread, actor, clock))

    def scan(self, selection: Selection) -> Iterator[StoredRecord]:
        """Visit the shortest list that can hold all matches."""
        candidates = self._shortest(selection)
        start = bisect_right(candidates, selection.after_sequence, key=_sequence)
        for index in range(start, len(candidates)):
            if _matches(candidates[index], selection):
                yield candidates[index]

    def thread_state(self, thread: str) -> ThreadState | None:
        """Return what is known about a thread."""
        records = self._by_thread.get(thread)
        if not records:
            return None
        return ThreadState(
            thread, len(records), records[-1]["sequence"], dict(self._clocks[thread])
        )

    def threads(self) -> Iterator[ThreadState]:
        """Visit every thread."""
        for thread in list(self._by_thread):
            state = self.thread_state(thread)
            if state:
                yield state

    def all_records(self) -> list[StoredRecord]:
        """Return every record by ascending sequence."""
        return list(self._all)

    def records_in(self, thread: str) -> list[StoredRecord]:
        """Return a thread's records."""
        return list(self._by_thread.get(thread, ()))

    def records_by_kind(self, kind: str) -> list[StoredRecord]:
        """Return the records of a kind."""
        return list(self._by_kind.get(kind, ()))

    def records_by_actor(self, actor: str) -> list[StoredRecord]:
        """Return the records of an actor."""
        return list(self._by_actor.get(actor, ()))

    def last_sequence(self) -> int:
        """Return the sequence of the newest record."""
        return int(self._all[-1]["sequence"]) if self._all else 0

    def count(self) -> int:
        """Return how many records there are."""
        return len(self._all)

    def _shortest(self, selection: Selection) -> list[StoredRecord]:
        indexes = (
            (selection.thread, self._by_thread),
            (selection.actor, self._by_actor),
            (selection.kind, self._by_kind),
            (selection.ref, self._by_ref),
        )
        lists = [index.get(key, []) for key, index in indexes if key is not None]
        return min(lists, key=len) if lists else self._all


def refs_of(record: StoredRecord) -> set[str]:
    """Return the ids of the things a record refers to."""
    refs = record["body"].get("_refs")
    if not isinstance(refs, list):
        return set()
    return {ref["id"] for ref in refs if isinstance(ref, dict) and isinstance(ref.get("id"), str)}


def _matches(record: StoredRecord, selection: Selection) -> bool:
    return (
        (selection.thread is None or record["thread"] == selection.thread)
        and (selection.actor is None or record["actor"] == selection.actor)
        and (selection.kind is None or record["body"].get("kind") == selection.kind)
        and (selection.above_clock is None or record["clock"] > selection.above_clock)
        and (selection.ref is None or selection.ref in refs_of(record))
    )
