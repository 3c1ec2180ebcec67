"""The spool's file: accepted records in SQLite, in write-ahead mode, fsynced on every commit.

Everything here blocks, and lets in one operating-system thread at a time. Record states:
`pending` waits to be sent, `parked` was refused by a kernel for good and waits for a person.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ..envelope import Envelope, read_envelope
from ..errors import SpoolCorruptError, SpoolError
from .forks import GATE
from .records import Entry, Portion, Renewal, Settlement, SpooledRecord, SpoolStats, State

_APPLICATION_ID: Final = 0x53594E43  # "SYNC"
_SCHEMA_VERSION: Final = 1
_LONGEST_HOLD_S: Final = 300.0
_BUSY_S: Final = 30.0
_SCHEMA: Final = """
CREATE TABLE records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    actor TEXT NOT NULL,
    thread TEXT NOT NULL,
    kind TEXT NOT NULL,
    wire BLOB NOT NULL,
    own_clock INTEGER NOT NULL,
    tried INTEGER NOT NULL,
    queued_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX records_by_state ON records (state, seq);
CREATE TABLE held (
    actor TEXT NOT NULL, thread TEXT NOT NULL, until REAL NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (actor, thread)
) WITHOUT ROWID;
CREATE TABLE renames (old TEXT PRIMARY KEY, new TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE drops (reason TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID;
"""
_SELECT: Final = (
    "SELECT id, actor, thread, kind, queued_at, state, attempts, reason, wire FROM records"
)
_INSERT: Final = (
    "INSERT OR IGNORE INTO records (id, actor, thread, kind, wire, own_clock, tried, queued_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_ANOTHER: Final = ", (?, ?, ?, ?, ?, ?, ?, ?)"
_ROWS: Final = 100
"""Rows of one statement: Python gives up its lock for each, and waits to get it back."""
_MOST_RENEWALS: Final = 1_000


class _IdTakenError(Exception):
    """One of many records is kept already (control flow of this module alone)."""


class SpoolFile:
    """One open spool."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._lock = threading.RLock()  # closing under a running statement would crash Python
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        if not create and not path.exists():
            raise SpoolError("there is no spool here", path=path)
        with self._named():
            self._bytes = self._count_bytes()
        GATE.watch(self)

    def room(self, most: int, *, wanted: int) -> int:
        """Return how many bytes are free under a limit; counts again before it says too few."""
        if self._bytes + wanted > most:
            with self._named():
                self._bytes = self._count_bytes()
        return most - self._bytes

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep records; on return they are on the disk, each under the id its entry now has."""
        now = time.time()
        if not self._add_new(entries, now):
            with self._transaction():
                for entry in entries:
                    self._add_one(entry, now)
        self._bytes += sum(len(entry.envelope.wire) for entry in entries)

    def _add_new(self, entries: Sequence[Entry], now: float) -> bool:
        """Keep records whose ids are all new, many with one statement; or keep none of them."""
        with suppress(_IdTakenError), self._transaction():
            for start in range(0, len(entries), _ROWS):
                rows = [entry.row(now) for entry in entries[start : start + _ROWS]]
                statement = _INSERT + _ANOTHER * (len(rows) - 1)
                kept = self._db.execute(statement, list(chain.from_iterable(rows))).rowcount
                if kept < len(rows):
                    raise _IdTakenError
            return True
        return False

    def _add_one(self, entry: Entry, now: float) -> None:
        for _ in range(_MOST_RENEWALS):
            if self._db.execute(_INSERT, entry.row(now)).rowcount or entry.again is None:
                return
            renewed = entry.again(entry.envelope)
            if renewed is None:
                return
            entry.envelope = renewed
        raise SpoolError("no free clock was found for a record", path=self.path)

    def take(self, *, records: int, size: int) -> Portion:
        """Return the oldest records that may be sent now, in order, up to the two limits.

        They are marked as tried before anybody can send them. A portion is tried or it is not.
        """
        with self._named():
            rows = self._db.execute(
                "SELECT r.seq, r.wire, r.own_clock, r.tried FROM records r"
                " LEFT JOIN held h ON h.actor = r.actor AND h.thread = r.thread"
                " WHERE r.state = 'pending' AND coalesce(h.until, 0) <= ?"
                " ORDER BY r.seq LIMIT ?",
                (time.time(), records),
            ).fetchall()
        waiting: list[Envelope] = []
        fresh: list[tuple[int]] = []
        for seq, wire, own_clock, tried in rows:
            size -= len(wire)
            if waiting and (size < 0 or tried != rows[0][3]):
                break
            waiting.append(read_envelope(bytes(wire), own_clock=bool(own_clock)))
            if not tried:
                fresh.append((seq,))
        if fresh:
            with self._transaction():
                self._db.executemany("UPDATE records SET tried = 1 WHERE seq = ?", fresh)
        return Portion(waiting, tried=not fresh)

    def rename(self, old: str, new: Envelope, *, again: Renewal) -> Envelope:
        """Replace a record that lost its clock by its renewed self, before that is sent.

        Returns what it became: yet another one, where the new id is kept already.
        """
        with self._transaction():
            while self._db.execute("SELECT 1 FROM records WHERE id = ?", (new.id,)).fetchone():
                another = again(new)
                if another is None:
                    raise SpoolError("no free clock was found for a record", path=self.path)
                new = another
            self._db.execute(
                "UPDATE records SET id = ?, wire = ? WHERE id = ?", (new.id, new.wire, old)
            )
            self._db.execute(
                "INSERT OR REPLACE INTO renames VALUES (?, ?, ?)", (old, new.id, time.time())
            )
        return new

    def settle(self, settlement: Settlement) -> None:
        """Note what became of records that were sent, all at once."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM records WHERE id = ?", [(each,) for each in settlement.delivered]
            )
            self._db.executemany(
                "UPDATE records SET state = 'parked', reason = ? WHERE id = ?",
                [(reason, each) for each, reason in settlement.parked.items()],
            )
            self._db.executemany(
                "UPDATE records SET attempts = attempts + 1, reason = ? WHERE id = ?",
                [(reason, each) for each, reason in settlement.waiting.items()],
            )
            for lane in settlement.held:
                self._hold(lane, settlement.hold_s)

    def _hold(self, lane: tuple[str, str], seconds: float) -> None:
        """Let a whole lane wait, longer each time, so that its order stays."""
        row = self._db.execute(
            "SELECT times FROM held WHERE actor = ? AND thread = ?", lane
        ).fetchone()
        times = row[0] if row else 0
        until = time.time() + min(_LONGEST_HOLD_S, seconds * 2 ** min(times, 30))
        row = (*lane, until, times + 1)
        self._db.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)", row)

    def release(self, *, parked: bool) -> int:
        """Let held lanes (and, where asked, parked records) be tried again at once."""
        with self._transaction():
            self._db.execute("DELETE FROM held")
            if not parked:
                return 0
            return self._db.execute(
                "UPDATE records SET state = 'pending', reason = '' WHERE state = 'parked'"
            ).rowcount

    def drop_older(self, before: float) -> int:
        """Give up pending and parked records queued before a moment; counted as `age`."""
        with self._transaction():
            return self._drop("age", "queued_at < ?", (before,))

    def drop_oldest(self, size: int) -> int:
        """Give up the oldest records until at least `size` bytes are free; counted as `size`."""
        dropped = 0
        with self._transaction():
            for seq, length in self._db.execute(
                "SELECT seq, length(wire) FROM records ORDER BY seq LIMIT 10000"
            ).fetchall():
                if size <= 0:
                    break
                dropped += self._drop("size", "seq = ?", (seq,), counted=False)
                size -= length
            self._count_drop("size", dropped)
            self._bytes = self._count_bytes()
        return dropped

    def drop(self, ids: Sequence[str] | None, *, state: State | None = None) -> int:
        """Give up named records, or all of one state, or all; counted as `asked`."""
        with self._transaction():
            if ids is not None:
                dropped = sum(self._drop("asked", "id = ?", (each,), counted=False) for each in ids)
            elif state is not None:
                dropped = self._drop("asked", "state = ?", (state,), counted=False)
            else:
                dropped = self._drop("asked", "1 = ?", (1,), counted=False)
            self._count_drop("asked", dropped)
            self._bytes = self._count_bytes()
        return dropped

    def refused(self, records: int) -> None:
        """Count records that were refused because the spool is full."""
        with self._transaction():
            self._count_drop("full", records)

    def get(self, record_id: str) -> SpooledRecord | None:
        """Return one record, also by an id it has given up."""
        current = self.current_id(record_id)
        with self._named():
            row = self._db.execute(f"{_SELECT} WHERE id = ?", (current,)).fetchone()
        return SpooledRecord(*row) if row else None

    def current_id(self, record_id: str) -> str:
        """Follow a record's renames to the id it has now."""
        with self._named():
            for _ in range(1_000):
                row = self._db.execute(
                    "SELECT new FROM renames WHERE old = ?", (record_id,)
                ).fetchone()
                if row is None:
                    break
                record_id = row[0]
        return record_id

    def pending(self) -> int:
        """Return how many records wait to be sent."""
        with self._named():
            row = self._db.execute(
                "SELECT count(*) FROM records WHERE state = 'pending'"
            ).fetchone()
        return int(row[0])

    def stats(self) -> SpoolStats:
        """Count everything."""
        with self._named():
            states = dict(self._db.execute("SELECT state, count(*) FROM records GROUP BY state"))
            size, oldest = self._db.execute(
                "SELECT coalesce(sum(length(wire)), 0), min(queued_at) FROM records"
            ).fetchone()
            drops = dict(self._db.execute("SELECT reason, records FROM drops ORDER BY reason"))
            renamed = self._db.execute("SELECT count(*) FROM renames").fetchone()[0]
        return SpoolStats(
            states.get("pending", 0), states.get("parked", 0), size, oldest, drops, renamed
        )

    def list(
        self, *, state: State | None = None, thread: str | None = None, limit: int = 100
    ) -> list[SpooledRecord]:
        """Return records in the order they were accepted."""
        with self._named():
            rows = self._db.execute(
                f"{_SELECT} WHERE (? IS NULL OR state = ?) AND (? IS NULL OR thread = ?)"
                " ORDER BY seq LIMIT ?",
                (state, state, thread, thread, limit),
            ).fetchall()
        return [SpooledRecord(*row) for row in rows]

    def close(self) -> None:
        """Close the file, after whatever another thread is doing with it."""
        with self._lock, GATE.inside():
            self._closed = True
            self.suspend()

    def suspend(self) -> None:
        """Close the connection; the next use opens another. Called with nobody else inside."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._closed:
                raise SpoolError("the spool is closed", path=self.path)
            self._connection = self._prepared()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.touch(mode=0o600)  # records are nobody else's business
        return sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )

    def _prepared(self) -> sqlite3.Connection:
        """Open the file and make it a spool, whoever else is doing the same at this moment.

        SQLite does not wait where two connections switch a new file to write-ahead mode.
        """
        until = time.monotonic() + _BUSY_S
        while True:
            connection = self._open()
            try:
                self._prepare(connection)
            except sqlite3.OperationalError as error:
                connection.close()
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            except BaseException:
                connection.close()
                raise
            else:
                return connection

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN")  # the three answers belong to one moment
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        db.execute("COMMIT")
        if (application, version) == (_APPLICATION_ID, _SCHEMA_VERSION):
            db.execute("PRAGMA synchronous = FULL")
            return
        if application or version or tables:
            raise SpoolCorruptError("this database is no spool of this version", path=self.path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        db.execute("COMMIT")

    def _count_bytes(self) -> int:
        row = self._db.execute("SELECT coalesce(sum(length(wire)), 0) FROM records").fetchone()
        return int(row[0])

    def _drop(
        self, reason: str, where: str, arguments: tuple[Any, ...], *, counted: bool = True
    ) -> int:
        dropped = self._db.execute(f"DELETE FROM records WHERE {where}", arguments).rowcount  # noqa: S608
        if counted:
            self._count_drop(reason, dropped)
        return dropped

    def _count_drop(self, reason: str, records: int) -> None:
        if records:
            self._db.execute(
                "INSERT INTO drops VALUES (?, ?)"
                " ON CONFLICT (reason) DO UPDATE SET records = records + excluded.records",
                (reason, records),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, on the disk at the end."""
        with self._named():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say which file an error is about, and what kind of error it is."""
        try:
            with self._lock, GATE.inside():
                yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorname", "")
            if code in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
                raise SpoolCorruptError(f"the file is damaged: {error}", path=self.path) from error
            raise SpoolError(f"{code or 'sqlite'}: {error}", path=self.path) from error
        except OSError as error:
            raise SpoolError(f"{error.strerror or error}", path=self.path) from error
