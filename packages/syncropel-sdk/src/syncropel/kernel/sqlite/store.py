"""The store itself: what the kernel asks for, in SQL."""
# ruff: noqa: S608 (what is put together is columns and question marks of ours; values are bound)

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..memory import refs_of
from ..search import words_in
from ..store import Selection, Slot, StoredRecord, ThreadState
from . import backup
from .connections import Connections
from .names import Names
from .notes import Notes
from .selections import Where, where

_FIRST_PAGE: Final = 100
_LONGEST_PAGE: Final = 2_000
_AT_ONCE: Final = 300
_written: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class SqliteStore:
    """Keeps records in the file at `path`, which is made where there is none.

    Every commit is fsynced. Any number of threads may read; several processes may share the
    file, on a local disk. `max_bytes` is a ceiling of its own, below the disk's.

    Raises:
        StoreCorruptError: the file is damaged, or is no store of this version.
        StoreUnavailableError: the file cannot be opened.
    """

    name = "sqlite"

    def __init__(
        self,
        path: str | Path,
        *,
        max_bytes: int | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.path = Path(path)
        self._now = now
        self._connections = Connections(self.path, max_bytes=max_bytes)
        self._threads, self._names = Names("threads"), Names("names")
        self.notes = Notes(self._connections)

    # ── writing ─────────────────────────────────────────────────────────────────────────

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep all other writers out; what was appended is on the disk at the end."""
        committed = False
        try:
            with self._connections.transaction():
                yield
            committed = True
        finally:
            self._threads.settle(committed=committed)
            self._names.settle(committed=committed)

    def append(self, records: Sequence[StoredRecord]) -> None:
        """Keep records; inside `writing()` alone."""
        if not records:
            return
        with self._connections.named():
            db = self._connections.here()
            threads = self._threads.numbered(db, (record["thread"] for record in records))
            names = self._names.numbered(db, _names_of(records))
            db.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
                [_row(record, threads, names) for record in records],
            )
            db.executemany(
                "INSERT INTO refs VALUES (?, ?)",
                [(names[ref], each["sequence"]) for each in records for ref in refs_of(each)],
            )
            db.executemany("INSERT INTO words (rowid, found) VALUES (?, ?)", _words(records))
            self._note_threads(db, records, threads, names)
            self._note_moment(db, records[-1]["sequence"])

    def _note_threads(
        self,
        db: sqlite3.Connection,
        records: Sequence[StoredRecord],
        threads: dict[str, int],
        names: dict[str, int],
    ) -> None:
        counts: dict[int, list[int]] = {}
        clocks: dict[tuple[int, int], int] = {}
        for record in records:
            thread, actor = threads[record["thread"]], names[record["actor"]]
            count = counts.setdefault(thread, [0, 0])
            count[0], count[1] = count[0] + 1, record["sequence"]
            clocks[thread, actor] = max(clocks.get((thread, actor), 0), record["clock"])
        db.executemany(
            "UPDATE threads SET records = records + ?, last_sequence = ? WHERE thread = ?",
            [(records, last, thread) for thread, (records, last) in counts.items()],
        )
        db.executemany(
            "INSERT INTO clocks VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET clock = max(clock, excluded.clock)",
            [(*key, clock) for key, clock in clocks.items()],
        )

    def _note_moment(self, db: sqlite3.Connection, sequence: int) -> None:
        """Note when records arrived; a clock that was set back never reorders them."""
        latest = db.execute("SELECT max(moment) FROM moments").fetchone()[0] or 0.0
        db.execute("INSERT INTO moments VALUES (?, ?)", (max(self._now(), latest), sequence))

    # ── reading ─────────────────────────────────────────────────────────────────────────

    def get(self, record_id: str) -> StoredRecord | None:
        """Return the record with this id."""
        return self.find([record_id]).get(record_id)

    def find(self, ids: Iterable[str]) -> dict[str, StoredRecord]:
        """Return those of the records that there are."""
        keys = [key for key in map(_key, ids) if key is not None]
        found = {}
        for some in _portions(keys):
            for row in self._rows(
                f"SELECT record FROM records WHERE id IN ({', '.join('?' * len(some))})", some
            ):
                record = json.loads(row[0])
                found[record["id"]] = record
        return found

    def taken(self, slots: Iterable[Slot]) -> set[Slot]:
        """Return those of the slots that hold a record already."""
        slots = list(slots)
        with self._connections.named():
            db = self._connections.here()
            threads = self._threads.known(db, (thread for thread, _, _ in slots))
            actors = self._names.known(db, (actor for _, actor, _ in slots))
            highest = {lane: self._highest(db, *lane) for lane in _lanes(slots, threads, actors)}
        numbered = {
            (threads[thread], actors[actor], clock): (thread, actor, clock)
            for thread, actor, clock in slots
            if thread in threads
            and actor in actors
            and clock <= highest[threads[thread], actors[actor]]
        }
        return {
            numbered[row]
            for some in _portions(list(numbered))
            for row in self._rows(
                "SELECT thread, actor, clock FROM records WHERE (thread, actor, clock) IN"
                f" (VALUES {', '.join(['(?, ?, ?)'] * len(some))})",
                [value for slot in some for value in slot],
            )
        }

    def scan(self, selection: Selection) -> Iterator[StoredRecord]:
        """Visit matching records page by page, so that no reading stays open between them."""
        conditions = self._where(selection)
        after, size = selection.after_sequence, _FIRST_PAGE
        while conditions is not None:
            rows = self._rows(
                f"SELECT r.record, r.sequence {conditions.text} AND {conditions.sequence} > ?"
                f" ORDER BY {conditions.sequence} LIMIT ?",
                (*conditions.arguments, after, size),
            )
            for row in rows:
                yield json.loads(row[0])
            if len(rows) < size:
                return
            after, size = rows[-1][1], min(size * 4, _LONGEST_PAGE)

    def containing(
        self, words: Sequence[str], selection: Selection, *, limit: int
    ) -> list[StoredRecord]:
        """Ask the full-text index, newest first."""
        conditions = self._where(selection)
        if conditions is None:
            return []
        rows = self._rows(
            "SELECT r.record FROM words AS w CROSS JOIN records AS r ON r.sequence = w.rowid"
            f" WHERE w.words MATCH ? AND w.rowid > ? AND {' AND '.join(('1', *conditions.unled))}"
            " ORDER BY w.rowid DESC LIMIT ?",
            (_matching(words), selection.after_sequence, *conditions.arguments, limit),
        )
        return [json.loads(row[0]) for row in rows]

    def sequence_at(self, moment: float) -> int:
        """Return the sequence of the newest record stored before a moment."""
        rows = self._rows(
            "SELECT sequence FROM moments WHERE moment < ? ORDER BY moment DESC, sequence DESC"
            " LIMIT 1",
            (moment,),
        )
        return int(rows[0][0]) if rows else 0

    def thread_state(self, thread: str) -> ThreadState | None:
        """Return what is known about a thread."""
        rows = self._rows(
            "SELECT thread, records, last_sequence FROM threads WHERE name = ?", (thread,)
        )
        if not rows:
            return None
        number, records, last = rows[0]
        return ThreadState(thread, records, last, self._clocks(number))

    def threads(self) -> Iterator[ThreadState]:
        """Visit every thread, page by page."""
        after = 0
        while rows := self._rows(
            "SELECT thread, name, records, last_sequence FROM threads WHERE thread > ?"
            " ORDER BY thread LIMIT ?",
            (after, _FIRST_PAGE),
        ):
            for after, name, records, last in rows:
                yield ThreadState(name, records, last, self._clocks(after))

    def last_sequence(self) -> int:
        """Return the sequence of the newest record."""
        return int(self._rows("SELECT coalesce(max(sequence), 0) FROM records")[0][0])

    def count(self) -> int:
        """Return how many records there are: every sequence since 1 is one."""
        return self.last_sequence()

    @property
    def where(self) -> str:
        """Where the records are, as a person knows it."""
        return str(self.path)

    # ── the file ────────────────────────────────────────────────────────────────────────

    def version(self) -> int:
        """Return a number that changes whenever another connection has written."""
        return int(self._rows("PRAGMA data_version")[0][0])

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file as far as readers allow."""
        self._rows("PRAGMA wal_checkpoint(PASSIVE)")

    def back_up(self, path: str | Path) -> None:
        """Write a copy of this moment's store to `path`, while others read and write.

        Raises:
            StoreError: the copy could not be written; nothing is left at `path`.
        """
        with self._connections.named():
            backup.copy(self._connections.here(), Path(path))

    def faults(self) -> list[str]:
        """Look at every page of the file; returns what is wrong, line by line."""
        lines = [row[0] for row in self._rows("PRAGMA integrity_check(20)")]
        return [] if lines == ["ok"] else lines

    def close(self) -> None:
        """Close the file."""
        self._connections.close()

    # ── within ──────────────────────────────────────────────────────────────────────────

    def _rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Any]:
        with self._connections.named():
            return self._connections.here().execute(sql, arguments).fetchall()

    def _where(self, selection: Selection) -> Where | None:
        with self._connections.named():
            db = self._connections.here()
            return where(
                selection,
                thread_number=lambda name: self._threads.known(db, [name]).get(name),
                name_number=lambda name: self._names.known(db, [name]).get(name),
            )

    def _highest(self, db: sqlite3.Connection, thread: int, actor: int) -> int:
        """Return an actor's highest clock in a thread: clocks mostly grow, so this decides."""
        sql = "SELECT clock FROM clocks WHERE thread = ? AND actor = ?"
        row = db.execute(sql, (thread, actor)).fetchone()
        return int(row[0]) if row else -1

    def _clocks(self, thread: int) -> dict[str, int]:
        return dict(
            self._rows(
                "SELECT n.name, c.clock FROM clocks AS c JOIN names AS n ON n.number = c.actor"
                " WHERE c.thread = ?",
                (thread,),
            )
        )


def _row(record: StoredRecord, threads: dict[str, int], names: dict[str, int]) -> tuple[Any, ...]:
    kind = record["body"].get("kind")
    return (
        record["sequence"],
        bytes.fromhex(record["id"]),
        threads[record["thread"]],
        names[record["actor"]],
        names[kind] if isinstance(kind, str) else None,
        record["clock"],
        _written(record),
    )


def _names_of(records: Sequence[StoredRecord]) -> Iterator[str]:
    for record in records:
        yield record["actor"]
        kind = record["body"].get("kind")
        if isinstance(kind, str):
            yield kind
        yield from refs_of(record)


def _words(records: Sequence[StoredRecord]) -> Iterator[tuple[int, str]]:
    """Each record's words, once each: the index says where they are, `search` how often."""
    for record in records:
        yield record["sequence"], " ".join(set(words_in(record["body"])))


def _lanes(
    slots: Iterable[Slot], threads: dict[str, int], actors: dict[str, int]
) -> set[tuple[int, int]]:
    """Return which actors are to write in which threads, where both are known."""
    return {
        (threads[thread], actors[actor])
        for thread, actor, _ in slots
        if thread in threads and actor in actors
    }


def _matching(words: Sequence[str]) -> str:
    """All of the words, each quoted: a word holds no quotation mark."""
    return " ".join(f'"{word}"' for word in words)


def _key(record_id: str) -> bytes | None:
    """Return an id as it is stored; None for what cannot be one."""
    try:
        key = bytes.fromhex(record_id)
    except ValueError:
        return None
    return key if key.hex() == record_id else None


def _portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
