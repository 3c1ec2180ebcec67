"""What the kernel asks for, in PostgreSQL's words.

Writers of all kernels take turns by an advisory lock that ends with the transaction, so that
sequences become visible in their order: a reader that has seen one has seen all before it.
"""
# ruff: noqa: S608 (what is put together is columns and conditions of ours; values are bound)

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from syncropel.kernel import Selection, Slot, StoredRecord, ThreadState
from syncropel.kernel.search import words_in

from . import follow
from .connections import Connections
from .notes import Notes
from .rows import clock_rows, digest, number_of, record_row, ref_rows, thread_rows
from .schema import WRITERS

_FIRST_PAGE: Final = 100
_LONGEST_PAGE: Final = 2_000
_INSERT_RECORD: Final = "INSERT INTO syncropel_records VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
_GROW_THREAD: Final = (
    "INSERT INTO syncropel_threads AS t (thread, name, first_sequence, records, last_sequence)"
    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (thread) DO UPDATE SET"
    " records = t.records + excluded.records, last_sequence = excluded.last_sequence"
)
_RAISE_CLOCK: Final = (
    "INSERT INTO syncropel_clocks AS c VALUES (%s, %s, %s, %s) ON CONFLICT (thread, actor)"
    " DO UPDATE SET clock = greatest(c.clock, excluded.clock)"
)


class PostgresStore:
    """Keeps records in the database that `dsn` names; any number of kernels may share it.

    Raises:
        StoreUnavailableError: the database cannot be reached.
        StoreCorruptError: its tables are of a version still to come.
    """

    name = "postgresql"

    def __init__(self, dsn: str, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._token = secrets.token_hex(8)
        self._connections = Connections(dsn)
        self.notes = Notes(self._connections)

    @property
    def where(self) -> str:
        """Where the records are, as a person knows it; without a password."""
        return self._connections.where

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep the writers of all kernels out; what was appended is durable at the end."""
        with self._connections.transaction() as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
            yield

    def append(self, records: Sequence[StoredRecord]) -> None:
        """Keep records; inside `writing()` alone."""
        if not records:
            return
        last = records[-1]["sequence"]
        told = follow.payload(self._token, (record["thread"] for record in records))
        with self._connections.named(), self._connections.here().cursor() as cursor:
            cursor.executemany(_INSERT_RECORD, [record_row(record) for record in records])
            refs = ref_rows(records)
            if refs:
                cursor.executemany("INSERT INTO syncropel_refs VALUES (%s, %s)", refs)
            cursor.executemany(_GROW_THREAD, thread_rows(records))
            cursor.executemany(_RAISE_CLOCK, clock_rows(records))
            cursor.execute(
                "INSERT INTO syncropel_moments SELECT %s,"
                " greatest(%s, (SELECT max(moment) FROM syncropel_moments))",
                (last, self._now()),
            )
            cursor.execute("SELECT pg_notify(%s, %s)", (follow.CHANNEL, told))

    def get(self, record_id: str) -> StoredRecord | None:
        """Return the record with this id."""
        return self.find([record_id]).get(record_id)

    def find(self, ids: Iterable[str]) -> dict[str, StoredRecord]:
        """Return those of the records that there are."""
        keys = [key for key in map(_key, ids) if key is not None]
        if not keys:
            return {}
        rows = self._rows("SELECT record FROM syncropel_records WHERE id = ANY(%s)", (keys,))
        return {record["id"]: record for record in (json.loads(row[0]) for row in rows)}

    def taken(self, slots: Iterable[Slot]) -> set[Slot]:
        """Return those of the slots that hold a record already."""
        asked = {(digest(thread), digest(actor), clock): (thread, actor, clock)
                 for thread, actor, clock in slots}  # fmt: skip
        if not asked:
            return set()
        rows = self._rows(
            "SELECT r.thread, r.actor, r.clock FROM syncropel_records AS r"
            " JOIN unnest(%s::bytea[], %s::bytea[], %s::bigint[]) AS a (thread, actor, clock)"
            " USING (thread, actor, clock)",
            tuple(list(column) for column in zip(*asked, strict=True)),
        )
        return {asked[bytes(thread), bytes(actor), clock] for thread, actor, clock in rows}

    def scan(self, selection: Selection) -> Iterator[StoredRecord]:
        """Visit matching records page by page, so that no reading stays open between them."""
        tests, arguments = _where(selection)
        after, size = selection.after_sequence, _FIRST_PAGE
        while True:
            rows = self._rows(
                f"SELECT record, sequence FROM syncropel_records WHERE {tests}"
                " AND sequence > %s ORDER BY sequence LIMIT %s",
                (*arguments, after, size),
            )
            for row in rows:
                yield json.loads(row[0])
            if len(rows) < size:
                return
            after, size = rows[-1][1], min(size * 4, _LONGEST_PAGE)

    def containing(
        self, words: Sequence[str], selection: Selection, *, limit: int
    ) -> list[StoredRecord]:
        """Ask the index of words, newest first, and look again at what it finds."""
        tests, arguments = _where(selection)
        rows = self._rows(
            f"SELECT record FROM syncropel_records WHERE words @> %s::bigint[] AND {tests}"
            " AND sequence > %s ORDER BY sequence DESC LIMIT %s",
            ([number_of(word) for word in words], *arguments, selection.after_sequence, limit),
        )
        found = (json.loads(row[0]) for row in rows)
        return [each for each in found if set(words) <= set(words_in(each["body"]))]

    def sequence_at(self, moment: float) -> int:
        """Return the sequence of the newest record stored before a moment."""
        return self._number(
            "SELECT sequence FROM syncropel_moments WHERE moment < %s"
            " ORDER BY moment DESC, sequence DESC LIMIT 1",
            (moment,),
        )

    def thread_state(self, thread: str) -> ThreadState | None:
        """Return what is known about a thread."""
        key = digest(thread)
        rows = self._rows(
            "SELECT records, last_sequence FROM syncropel_threads WHERE thread = %s", (key,)
        )
        if not rows:
            return None
        records, last = rows[0]
        return ThreadState(thread, records, last, self._clocks(key))

    def threads(self) -> Iterator[ThreadState]:
        """Visit every thread, page by page."""
        after = 0
        while rows := self._rows(
            "SELECT first_sequence, thread, name, records, last_sequence FROM syncropel_threads"
            " WHERE first_sequence > %s ORDER BY first_sequence LIMIT %s",
            (after, _FIRST_PAGE),
        ):
            for _, key, name, records, last in rows:
                yield ThreadState(bytes(name).decode(), records, last, self._clocks(bytes(key)))
            after = rows[-1][0]

    def last_sequence(self) -> int:
        """Return the sequence of the newest record."""
        return self._number("SELECT max(sequence) FROM syncropel_records")

    def count(self) -> int:
        """Return how many records there are: every sequence since 1 is one."""
        return self.last_sequence()

    def follow(self) -> AsyncIterator[Sequence[str] | None]:
        """Yield the threads that other kernels write to, as they do."""
        return follow.follow(self._connections.dsn, own=self._token)

    def faults(self) -> list[str]:
        """Return nothing: what is beneath the tables is the database server's to check."""
        return []

    def close(self) -> None:
        """End every connection."""
        self._connections.close()

    def _rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Any]:
        with self._connections.named():
            return self._connections.here().execute(sql.encode(), arguments).fetchall()

    def _number(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        rows = self._rows(sql, arguments)
        return int(rows[0][0] or 0) if rows else 0

    def _clocks(self, thread: bytes) -> dict[str, int]:
        rows = self._rows("SELECT name, clock FROM syncropel_clocks WHERE thread = %s", (thread,))
        return {bytes(name).decode(): clock for name, clock in rows}


def _where(selection: Selection) -> tuple[str, list[Any]]:
    """Return a selection as conditions and their arguments."""
    tests, arguments = ["TRUE"], list[Any]()
    for column, name in (
        ("thread", selection.thread), ("actor", selection.actor), ("kind", selection.kind),
    ):  # fmt: skip
        if name is not None:
            tests.append(f"{column} = %s")
            arguments.append(digest(name))
    if selection.ref is not None:
        tests.append("sequence IN (SELECT sequence FROM syncropel_refs WHERE ref = %s)")
        arguments.append(digest(selection.ref))
    if selection.above_clock is not None:
        tests.append("clock > %s")
        arguments.append(selection.above_clock)
    if selection.upto_sequence is not None:
        tests.append("sequence <= %s")
        arguments.append(selection.upto_sequence)
    return " AND ".join(tests), arguments


def _key(record_id: str) -> bytes | None:
    """Return an id as it is stored; None for what cannot be one."""
    try:
        key = bytes.fromhex(record_id)
    except ValueError:
        return None
    return key if key.hex() == record_id else None
