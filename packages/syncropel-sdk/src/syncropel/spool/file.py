"""The spool's file: what is asked of it, as statements on its database.

Everything here blocks. Record states: `pending` waits to be sent, `parked` was refused by a
kernel for good and waits for a person.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

from ..envelope import Envelope, read_envelope
from ..errors import SpoolError
from .database import SpoolDatabase
from .records import Entry, Portion, Renewal, Settlement, SpooledRecord, SpoolStats, State

_LONGEST_HOLD_S: Final = 300.0
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
_SKIPS: Final = tuple(2**step - 1 for step in range(32))
"""How far to look for a free clock: others may have taken any number in a row."""
_REMEMBERED: Final = 10_000
"""Ids that were delivered last. Another process that says the same now must not get one of them."""
_UNKNOWN: Final = 1 << 62
"""More bytes than fit under any limit, so that they are counted before they are believed."""


class _IdTakenError(Exception):
    """One of many records is kept already (control flow of this module alone)."""


class SpoolFile:
    """One open spool."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = SpoolDatabase(path)
        self._bytes = _UNKNOWN

    def room(self, most: int, *, wanted: int) -> int:
        """Return how many bytes are free under a limit; counts again before it says too few."""
        if self._bytes + wanted > most:
            with self._database.named() as db:
                self._bytes = _count_bytes(db)
        return most - self._bytes

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep records; on return they are on the disk, each under the id its entry now has."""
        now = time.time()
        if not self._add_new(entries, now):
            with self._database.transaction() as db:
                for entry in entries:
                    self._add_one(db, entry, now)
        self._bytes += sum(len(entry.envelope.wire) for entry in entries)

    def _add_new(self, entries: Sequence[Entry], now: float) -> bool:
        """Keep records whose ids are all new, many with one statement; or keep none of them."""
        with suppress(_IdTakenError), self._database.transaction() as db:
            for start in range(0, len(entries), _ROWS):
                rows = [entry.row(now) for entry in entries[start : start + _ROWS]]
                statement = _INSERT + _ANOTHER * (len(rows) - 1)
                kept = db.execute(statement, list(chain.from_iterable(rows))).rowcount
                if kept < len(rows) or _any_delivered(db, [row[0] for row in rows]):
                    raise _IdTakenError
            return True
        return False

    def _add_one(self, db: sqlite3.Connection, entry: Entry, now: float) -> None:
        """Keep a record; one whose id another has, or had a moment ago, gets another clock."""
        for skip in _SKIPS:
            taken = entry.again is not None and _any_delivered(db, [entry.envelope.id])
            if not taken and db.execute(_INSERT, entry.row(now)).rowcount:
                return
            renewed = entry.again(entry.envelope, skip=skip) if entry.again else None
            if renewed is None:  # the same record twice: it is kept, or at the server already
                return
            entry.envelope = renewed
        raise SpoolError("no free clock was found for a record", path=self.path)

    def take(self, *, records: int, size: int) -> Portion:
        """Return the oldest records that may be sent now, in order, up to the two limits.

        They are marked as tried before anybody can send them. A portion is tried or it is not.
        """
        with self._database.named() as db:
            rows = db.execute(
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
            with self._database.transaction() as db:
                db.executemany("UPDATE records SET tried = 1 WHERE seq = ?", fresh)
        return Portion(waiting, tried=not fresh)

    def rename(self, old: str, new: Envelope, *, again: Renewal) -> Envelope:
        """Replace a record that lost its clock by its renewed self, before that is sent.

        Returns what it became: yet another one, where the new id is kept already.
        """
        with self._database.transaction() as db:
            for skip in _SKIPS:
                if not _is_taken(db, new.id):
                    break
                another = again(new, skip=skip)
                if another is None:
                    raise SpoolError("no free clock was found for a record", path=self.path)
                new = another
            db.execute("UPDATE records SET id = ?, wire = ? WHERE id = ?", (new.id, new.wire, old))
            db.execute(
                "INSERT OR REPLACE INTO renames VALUES (?, ?, ?)", (old, new.id, time.time())
            )
        return new

    def settle(self, settlement: Settlement) -> None:
        """Note what became of records that were sent, all at once."""
        with self._database.transaction() as db:
            delivered = [(each,) for each in settlement.delivered]
            db.executemany("DELETE FROM records WHERE id = ?", delivered)
            db.executemany("INSERT OR IGNORE INTO delivered (id) VALUES (?)", delivered)
            db.execute(
                "DELETE FROM delivered WHERE seq <= (SELECT max(seq) FROM delivered) - ?",
                (_REMEMBERED,),
            )
            db.executemany(
                "DELETE FROM held WHERE actor = ? AND thread = ?", list(settlement.moved)
            )
            db.executemany(
                "UPDATE records SET state = 'parked', reason = ? WHERE id = ?",
                [(reason, each) for each, reason in settlement.parked.items()],
            )
            db.executemany(
                "UPDATE records SET attempts = attempts + 1, reason = ? WHERE id = ?",
                [(reason, each) for each, reason in settlement.waiting.items()],
            )
            for lane in settlement.held:
                _hold(db, lane, settlement.hold_s)

    def release(self, *, parked: bool) -> int:
        """Let held lanes (and, where asked, parked records) be tried again at once."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM held")
            if not parked:
                return 0
            return db.execute(
                "UPDATE records SET state = 'pending', reason = '' WHERE state = 'parked'"
            ).rowcount

    def drop_older(self, before: float) -> int:
        """Give up pending and parked records queued before a moment; counted as `age`."""
        with self._database.transaction() as db:
            dropped = db.execute("DELETE FROM records WHERE queued_at < ?", (before,)).rowcount
            return _count_drops(db, "age", dropped)

    def drop_oldest(self, size: int) -> int:
        """Give up the oldest records until at least `size` bytes are free; counted as `size`."""
        doomed = []
        with self._database.transaction() as db:
            for seq, length in db.execute(
                "SELECT seq, length(wire) FROM records ORDER BY seq LIMIT 10000"
            ).fetchall():
                if size <= 0:
                    break
                doomed.append((seq,))
                size -= length
            db.executemany("DELETE FROM records WHERE seq = ?", doomed)
            self._bytes = _count_bytes(db)
            return _count_drops(db, "size", len(doomed))

    def drop(self, ids: Sequence[str] | None, *, state: State | None = None) -> int:
        """Give up named records, or all of one state, or all; counted as `asked`."""
        with self._database.transaction() as db:
            if ids is not None:
                named = [(each,) for each in ids]
                dropped = db.executemany("DELETE FROM records WHERE id = ?", named).rowcount
            else:
                dropped = db.execute(
                    "DELETE FROM records WHERE ? IS NULL OR state = ?", (state, state)
                ).rowcount
            self._bytes = _count_bytes(db)
            return _count_drops(db, "asked", max(0, dropped))

    def refused(self, records: int) -> None:
        """Count records that were refused because the spool is full."""
        with self._database.transaction() as db:
            _count_drops(db, "full", records)

    def get(self, record_id: str) -> SpooledRecord | None:
        """Return one record, also by an id it has given up."""
        current = self.current_id(record_id)
        with self._database.named() as db:
            row = db.execute(f"{_SELECT} WHERE id = ?", (current,)).fetchone()
        return SpooledRecord(*row) if row else None

    def current_id(self, record_id: str) -> str:
        """Follow a record's renames to the id it has now."""
        with self._database.named() as db:
            for _ in range(1_000):
                row = db.execute("SELECT new FROM renames WHERE old = ?", (record_id,)).fetchone()
                if row is None:
                    break
                record_id = row[0]
        return record_id

    def pending(self) -> int:
        """Return how many records wait to be sent."""
        with self._database.named() as db:
            row = db.execute("SELECT count(*) FROM records WHERE state = 'pending'").fetchone()
        return int(row[0])

    def stats(self) -> SpoolStats:
        """Count everything."""
        with self._database.named() as db:
            states = dict(db.execute("SELECT state, count(*) FROM records GROUP BY state"))
            size, oldest = db.execute(
                "SELECT coalesce(sum(length(wire)), 0), min(queued_at) FROM records"
            ).fetchone()
            drops = dict(db.execute("SELECT reason, records FROM drops ORDER BY reason"))
            renamed = db.execute("SELECT count(*) FROM renames").fetchone()[0]
        return SpoolStats(
            states.get("pending", 0), states.get("parked", 0), size, oldest, drops, renamed
        )

    def list(
        self, *, state: State | None = None, thread: str | None = None, limit: int = 100
    ) -> list[SpooledRecord]:
        """Return records in the order they were accepted."""
        with self._database.named() as db:
            rows = db.execute(
                f"{_SELECT} WHERE (? IS NULL OR state = ?) AND (? IS NULL OR thread = ?)"
                " ORDER BY seq LIMIT ?",
                (state, state, thread, thread, limit),
            ).fetchall()
        return [SpooledRecord(*row) for row in rows]

    def close(self) -> None:
        """Close the file, after whatever another thread is doing with it."""
        self._database.close()


def _any_delivered(db: sqlite3.Connection, ids: Sequence[str]) -> bool:
    marks = ", ".join("?" * len(ids))
    row = db.execute(f"SELECT 1 FROM delivered WHERE id IN ({marks}) LIMIT 1", ids)  # noqa: S608
    return row.fetchone() is not None


def _is_taken(db: sqlite3.Connection, record_id: str) -> bool:
    kept = db.execute("SELECT 1 FROM records WHERE id = ?", (record_id,)).fetchone()
    return kept is not None or _any_delivered(db, [record_id])


def _hold(db: sqlite3.Connection, lane: tuple[str, str], seconds: float) -> None:
    """Let a whole lane wait, longer each time, so that its order stays."""
    row = db.execute("SELECT times FROM held WHERE actor = ? AND thread = ?", lane).fetchone()
    times = row[0] if row else 0
    until = time.time() + min(_LONGEST_HOLD_S, seconds * 2 ** min(times, 30))
    db.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)", (*lane, until, times + 1))


def _count_bytes(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(sum(length(wire)), 0) FROM records").fetchone()[0])


def _count_drops(db: sqlite3.Connection, reason: str, records: int) -> int:
    if records:
        db.execute(
            "INSERT INTO drops VALUES (?, ?)"
            " ON CONFLICT (reason) DO UPDATE SET records = records + excluded.records",
            (reason, records),
        )
    return records
