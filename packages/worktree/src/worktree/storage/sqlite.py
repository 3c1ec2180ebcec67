"""A tree in one SQLite file. Every commit is one transaction."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import LockTimeoutError, StaleTokensError, StorageError, WrongKindError
from ..names import ancestors, check_key, split
from .contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    MakeFolder,
    Put,
    Selection,
    Stored,
    Token,
    check_changes,
    check_selection,
)
from .filesystem import Durability

_FORMAT = 0x77747231
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, version INTEGER, data BLOB -- both are NULL for a folder
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (number INTEGER NOT NULL);
INSERT INTO generation SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM generation);
"""
# Each of these writes one object where what is expected of it holds, and counts it then.
_REPLACE = "UPDATE entries SET version = ?, data = ? WHERE key = ? AND version = ?"
_CREATE = "INSERT INTO entries (version, data, key) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING"
_PUT = (
    "INSERT INTO entries (version, data, key) VALUES (?, ?, ?) ON CONFLICT (key) "
    "DO UPDATE SET version = excluded.version, data = excluded.data WHERE version IS NOT NULL"
)

# What is right inside a folder, and nothing deeper.
_INSIDE = "WHERE key > ? AND key < ? AND instr(substr(key, ?), '/') = 0 ORDER BY key"

_HINTS = {
    "not a database": "this is no SQLite file of worktree; choose another one",
    "malformed": "this is no SQLite file of worktree; choose another one",
    "unable to open": "it is a folder, or this user may not read it",
    "readonly": "give this user the permission to write it",
    "full": "make room and try again",
}
"""The next step, by what SQLite says."""


@dataclass(slots=True)
class _Writes:
    """The changes of one commit, as the rows of the statements that make them."""

    replaced: list[tuple[int, bytes, str, Token]] = field(default_factory=list)
    created: list[tuple[int, bytes, str]] = field(default_factory=list)
    put: list[tuple[int, bytes, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    asked_folders: list[str] = field(default_factory=list)
    bystanders: dict[str, Token | None] = field(default_factory=dict)
    """What is expected of objects that are not written."""

    @classmethod
    def of(cls, changes: Sequence[Change], expected: Expected, number: int) -> _Writes:
        writes, unmentioned = cls(), object()
        writes.bystanders = dict(expected)
        for change in changes:
            if isinstance(change, Put):
                token: Any = writes.bystanders.pop(change.key, unmentioned)
                if token is unmentioned:
                    writes.put.append((number, change.data, change.key))
                elif token is None:
                    writes.created.append((number, change.data, change.key))
                else:
                    writes.replaced.append((number, change.data, change.key, token))
            elif isinstance(change, MakeFolder):
                writes.asked_folders.append(change.key)
            else:
                writes.removed.append(change.key)
        return writes

    def keys(self) -> list[str]:
        """The keys of all objects that are written."""
        new = [key for _, _, key in (*self.created, *self.put)]
        return [key for _, _, key, _ in self.replaced] + new

    def folders(self) -> set[str]:
        """Every folder that may have to be made; what is replaced has its folder."""
        above = (split(key)[0] for _, _, key in (*self.created, *self.put))
        needed = {*self.asked_folders, *above}
        return needed.union(*map(ancestors, needed)) - {""}


class SqliteStorage:
    """Objects and folders in one table; the token of an object is the number of its commit.

    Other processes may use the same file. `durability="process"` leaves it to the operating
    system when a commit reaches the disk; "power" waits for it.
    """

    capabilities = Capabilities(atomic="tree")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durability: Durability = "power",
        lock_timeout: float = 30.0,
    ) -> None:
        if not os.fspath(path):
            raise StorageError("sqlite: needs a file", hint="write sqlite:state.db")
        self.path = Path(path).expanduser().resolve()
        self._synchronous = "FULL" if durability == "power" else "OFF"
        self._lock_timeout = lock_timeout
        self._lock = threading.RLock()
        self._connections: dict[int, sqlite3.Connection] = {}
        self._opened: tuple[int, int] | None = None
        weakref.finalize(self, _close, self._connections)

    def read(self, selection: Selection) -> Contents:
        """Read in one transaction, which is one generation."""
        check_selection(selection)
        with self._transaction("DEFERRED") as db:
            found = Contents()
            if db is None:
                return found
            for key in selection.objects:
                self._add_object(db, found, key)
            for members in selection.members:
                if self._is_folder(db, members.folder):
                    found.objects.update(self._members(db, members.folder, members.suffix))
            found.folders.update(key for key in selection.folders if self._is_folder(db, key))
            return found

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """List one folder."""
        check_key(folder)
        with self._transaction("DEFERRED") as db:
            if db is None or not self._is_folder(db, folder):
                return None
            rows = db.execute(f"SELECT key, version FROM entries {_INSIDE}", _inside(folder))  # noqa: S608 — ours.
            return [
                Entry(split(key)[1], "folder" if version is None else "object")
                for key, version in rows
            ]

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Check and change in one transaction."""
        check_changes(changes, expected)
        with self._transaction("IMMEDIATE") as db:
            if db is None:
                raise StorageError("the file vanished", location=str(self.path))
            db.execute("UPDATE generation SET number = number + 1")
            (number,) = db.execute("SELECT number FROM generation").fetchone()
            writes = _Writes.of(changes, expected, number)
            stale = self._stale(db, writes.bystanders)
            for folder in writes.folders():
                if not self._is_folder(db, folder):
                    db.execute("INSERT INTO entries (key) VALUES (?)", (folder,))
            tokens = dict.fromkeys(writes.keys(), str(number))
            if self._put(db, writes) < len(tokens):
                stale += self._stale(db, tokens)
            if stale:
                raise StaleTokensError(stale)
            for key in writes.removed:
                db.execute("DELETE FROM entries WHERE key = ?", (key,))
                db.execute("DELETE FROM entries WHERE key > ? AND key < ?", _below(key))
            return tokens

    def recover(self) -> Sequence[str]:
        """SQLite rolls an interrupted transaction back when the file is opened."""
        return ()

    def locate(self, key: str) -> str:
        """The file, and the key in it."""
        return f"{self.path}#{key}" if key else str(self.path)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            _close(self._connections)

    # ── reading ───────────────────────────────────────────────────────────────────────

    def _add_object(self, db: sqlite3.Connection, found: Contents, key: str) -> None:
        row = db.execute("SELECT data, version FROM entries WHERE key = ?", (key,)).fetchone()
        if row is None:
            return
        if row[1] is None:
            raise self._wrong_kind(key, "an object was expected, a folder found")
        found.objects[key] = Stored(row[0], str(row[1]))

    @staticmethod
    def _members(db: sqlite3.Connection, folder: str, suffix: str) -> dict[str, Stored]:
        rows = db.execute(
            f"SELECT key, data, version FROM entries {_INSIDE}",  # noqa: S608 — ours.
            _inside(folder),
        )
        hidden = f"{folder}/." if folder else "."
        return {
            key: Stored(data, str(version))
            for key, data, version in rows
            if version is not None and key.endswith(suffix) and not key.startswith(hidden)
        }

    def _is_folder(self, db: sqlite3.Connection, key: str) -> bool:
        """Whether there is such a folder; raises WrongKindError where it is an object."""
        if not key:
            return True
        row = db.execute("SELECT version FROM entries WHERE key = ?", (key,)).fetchone()
        if row is not None and row[0] is not None:
            raise self._wrong_kind(key, "a folder was expected, an object found")
        return row is not None

    def _wrong_kind(self, key: str, problem: str) -> WrongKindError:
        return WrongKindError(problem, location=self.locate(key), hint="remove it, or rename yours")

    # ── writing ───────────────────────────────────────────────────────────────────────

    @staticmethod
    def _put(db: sqlite3.Connection, writes: _Writes) -> int:
        """Write every object whose expectation holds; how many that were.

        The check is a part of the writing: asking for the versions first takes as long again.
        """
        written = 0
        for statement, rows in (
            (_REPLACE, writes.replaced),
            (_CREATE, writes.created),
            (_PUT, writes.put),
        ):
            if rows:
                written += db.executemany(statement, rows).rowcount
        return written

    def _stale(self, db: sqlite3.Connection, expected: Expected) -> list[str]:
        """The keys that have another version; an object that was just written has a new one."""
        stale = []
        for key, token in expected.items():
            row = db.execute("SELECT version FROM entries WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] is None and token is not None:
                raise self._wrong_kind(key, "an object was expected, a folder found")
            found = None if row is None or row[0] is None else str(row[0])
            if found != token:
                stale.append(key)
        return stale

    # ── the connection ────────────────────────────────────────────────────────────────

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection | None]:
        """A transaction on this process's connection; None where there is no file to read."""
        with self._lock:
            try:
                db = self._open(create=kind == "IMMEDIATE")
                if db is None:
                    yield None
                    return
                db.execute(f"BEGIN {kind}")
                try:
                    yield db
                except BaseException:
                    db.rollback()
                    raise
                db.commit()
            except sqlite3.Error as error:
                raise self._told(error) from error

    def _open(self, *, create: bool) -> sqlite3.Connection | None:
        """The connection of this process, which must not cross a fork, nor outlive its file."""
        there = self._identity()
        if self._opened is not None and there != self._opened:
            raise StorageError(
                "the file is gone" if there is None else "the file was replaced by another one",
                location=str(self.path),
                hint="bring it back, or mount again",
            )
        mine = self._connections.get(os.getpid())
        if mine is not None:
            return mine
        if there is None and not create:
            return None
        mine = self._connections[os.getpid()] = self._connect(is_new=there is None)
        self._opened = self._identity()
        return mine

    def _identity(self) -> tuple[int, int] | None:
        """Which file is at our path, if any."""
        try:
            status = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_dev, status.st_ino

    def _connect(self, *, is_new: bool) -> sqlite3.Connection:
        if is_new:
            self._make_folder()
        mode = "rwc" if is_new or os.access(self.path, os.W_OK) else "ro"
        db = sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._lock_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            db.execute(f"PRAGMA synchronous = {self._synchronous}")
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the folder of the file cannot be made: {error.strerror}",
                location=str(self.path.parent),
                hint="choose a place where this user can make files",
            ) from error

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Make our tables in a new file; leave the files of other programs alone."""
        (form,) = db.execute("PRAGMA application_id").fetchone()
        if form == _FORMAT:
            return
        if form or db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
            raise StorageError(
                "another program made this SQLite file",
                location=str(self.path),
                hint="choose another file",
            )
        db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {_FORMAT}; COMMIT;")

    def _told(self, error: sqlite3.Error) -> StorageError:
        text, location = str(error), str(self.path)
        if "locked" in text:
            return LockTimeoutError(
                f"another process holds the file for more than {self._lock_timeout} s",
                location=location,
                hint="let it finish, or end it: its lock goes with it",
            )
        hint = next((hint for sign, hint in _HINTS.items() if sign in text), "nothing was changed")
        return StorageError(text, location=location, hint=hint)


def _below(folder: str) -> tuple[str, str | bytes]:
    """The keys between which everything below a folder lies.

    "0" comes right after "/", and SQLite sorts every text before any bytes.
    """
    return (f"{folder}/", f"{folder}0") if folder else ("", b"")


def _inside(folder: str) -> tuple[str, str | bytes, int]:
    """The values for `_INSIDE`."""
    first, last = _below(folder)
    return first, last, len(first) + 1


def _close(connections: dict[int, sqlite3.Connection]) -> None:
    """Close this process's connection; one that came through a fork is its parent's."""
    mine = connections.pop(os.getpid(), None)
    if mine is not None:
        mine.close()
