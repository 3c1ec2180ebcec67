"""The store that forgets everything at the end: for tests, and for the shape of the others."""

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Final

from .search import words_in
from .store import Selection, Slot, StoreCeilingError, StoredRecord, ThreadState

_sequence: Final = itemgetter("sequence")
_moment: Final = itemgetter(0)


class MemoryStore:
    """Keeps records in dictionaries; every look-up is one step, whatever a thread's length."""

    name = "memory"

    def __init__(
        self, *, max_records: int | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._max_records = max_records
        self._now = now
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget every record; sequences start again at 1."""
        self._staged: list[StoredRecord] = []
        self._all: list[StoredRecord] = []
        self._moments: list[tuple[float, int]] = []
        self._by_id: dict[str, StoredRecord] = {}
        self._slots: dict[Slot, str] = {}
        self._by_thread: dict[str, list[StoredRecord]] = {}
        self._by_kind: dict[str, list[StoredRecord]] = {}
        self._by_actor: dict[str, list[StoredRecord]] = {}
        self._by_ref: dict[str, list[StoredRecord]] = {}
        self._clocks: dict[str, dict[str, int]] = {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other threads from writing."""
        with self._lock:
            try:
                yield
                for record in self._staged:
                    self._index(record)
                self._note_moment()
            finally:
                self._staged.clear()

    def append(self, records: Sequence[StoredRecord]) -> None:
        """Keep records when `writing()` ends well."""
        if self._max_records is not None and len(self._all) + len(records) > self._max_records:
            raise StoreCeilingError(f"the store holds at most {self._max_records} records")
        self._staged.extend(records)

    def _note_moment(self) -> None:
        if self._staged:
            latest = self._moments[-1][0] if self._moments else 0.0
            self._moments.append((max(self._now(), latest), self._staged[-1]["sequence"]))

    def _index(self, record: StoredRecord) -> None:
        thread, actor, clock = record["thread"], record["actor"], record["clock"]
        self._by_id[record["id"]] = record
        self._slots[thread, actor, clock] = record["id"]
        clocks = self._clocks.setdefault(thread, {})
        clocks[actor] = max(clocks.get(actor, 0), clock)
        self._by_thread.setdefault(thread, []).append(record)
        self._by_actor.setdefault(actor, []).append(record)
        kind = record["body"].get("kind")
        if isinstance(kind, str):
            self._by_kind.setdefault(kind, []).append(record)
        for ref in refs_of(record):
            self._by_ref.setdefault(ref, []).append(record)
        self._all.append(record)

    def get(self, record_id: str) -> StoredRecord | None:
        """Return the record with this id."""
        return self._by_id.get(record_id)

    def find(self, ids: Iterable[str]) -> dict[str, StoredRecord]:
        """Return those of the records that there are."""
        return {each: self._by_id[each] for each in ids if each in self._by_id}

    def taken(self, slots: Iterable[Slot]) -> set[Slot]:
        """Return those of the slots that hold a record already."""
        return {slot for slot in slots if slot in self._slots}

    def scan(self, selection: Selection) -> Iterator[StoredRecord]:
        """Visit the shortest list that can hold all matches."""
        candidates = self._shortest(selection)
        for index in range(*self._bounds(candidates, selection)):
            if _matches(candidates[index], selection):
                yield candidates[index]

    def containing(
        self, words: Sequence[str], selection: Selection, *, limit: int
    ) -> list[StoredRecord]:
        """Read backwards through everything that the selection allows."""
        wanted, found = set(words), list[StoredRecord]()
        candidates = self._shortest(selection)
        for index in reversed(range(*self._bounds(candidates, selection))):
            if len(found) == limit:
                break
            record = candidates[index]
            if _matches(record, selection) and wanted <= set(words_in(record["body"])):
                found.append(record)
        return found

    def sequence_at(self, moment: float) -> int:
        """Return the sequence of the newest record stored before a moment."""
        index = bisect_left(self._moments, moment, key=_moment)
        return self._moments[index - 1][1] if index else 0

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

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _shortest(self, selection: Selection) -> list[StoredRecord]:
        indexes = (
            (selection.thread, self._by_thread),
            (selection.actor, self._by_actor),
            (selection.kind, self._by_kind),
            (selection.ref, self._by_ref),
        )
        lists = [index.get(key, []) for key, index in indexes if key is not None]
        return min(lists, key=len) if lists else self._all

    def _bounds(self, records: list[StoredRecord], selection: Selection) -> tuple[int, int]:
        start = bisect_right(records, selection.after_sequence, key=_sequence)
        if selection.upto_sequence is None:
            return start, len(records)
        return start, bisect_right(records, selection.upto_sequence, key=_sequence)


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
