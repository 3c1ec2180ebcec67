"""A tree in one SQLite file. Every commit is one transaction."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import StaleTokensError, StorageError, WrongKindError
from ..names import ancestors, check_key, split
from .contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    MakeFolder,
    Put,
    Remove,
    Selection,
    Stored,
    Token,
    check_changes,
    check_selection,
)
from .filesystem import Durability

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    folder TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folders (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (number INTEGER NOT NULL);
INSERT INTO generation SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM generation);
"""
_PUT = (
    "INSERT INTO objects (folder, name, version, data) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (folder, name) DO UPDATE SET version = excluded.version, data = excluded.data"
)
_MANY = 200


class SqliteStorage:
    """Objects in a table, by folder and name; the token of an object is the commit's number.

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
        self._open_connection: dict[int, sqlite3.Connection] = {}
        weakref.finalize(self, _close, self._open_connection)
        self._was_there = False

    def read(self, selection: Selection) -> Contents:
        """Read in one transaction, which is one generation."""
        check_selection(selection)
        with self._transaction("DEFERRED") as db:
            found = Contents()
            if db is None:
                return found
            for key in selection.objects:
                self._refuse_folder(db, key)
            found.objects = self._objects(db, selection.objects)
            for members in selection.members:
                self._refuse_object(db, members.folder)
                found.objects.update(self._members(db, members.folder, members.suffix))
            for folder in selection.folders:
                self._refuse_object(db, folder)
                if self._is_folder(db, folder):
                    found.folders.add(folder)
            return found

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """List one folder."""
        check_key(folder)
        with self._transaction("DEFERRED") as db:
            if db is None:
                return None
            self._refuse_object(db, folder)
            if not self._is_folder(db, folder):
                return None
            rows = db.execute("SELECT name FROM objects WHERE folder = ?", (folder,))
            entries = [Entry(name, "object") for (name,) in rows]
            for (key,) in db.execute("SELECT key FROM folders"):
                if split(key)[0] == folder:
                    entries.append(Entry(split(key)[1], "folder"))
            return sorted(entries, key=lambda entry: entry.name)

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Check and change in one transaction."""
        check_changes(changes, expected)
        with self._transaction("IMMEDIATE") as db:
            if db is None:
                raise StorageError("the file vanished", location=str(self.path))
            versions = self._versions(db, expected)
            stale = [key for key, token in expected.items() if versions.get(key) != token]
            if stale:
                raise StaleTokensError(stale)
            db.execute("UPDATE generation SET number = number + 1")
            (number,) = db.execute("SELECT number FROM generation").fetchone()
            self._change(db, changes, number)
            return {change.key: str(number) for change in changes if isinstance(change, Put)}

    def recover(self) -> Sequence[str]:
        """SQLite rolls an interrupted transaction back when the file is opened."""
        return ()

    def locate(self, key: str) -> str:
        """The file, and the key in it."""
        return f"{self.path}#{key}" if key else str(self.path)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            _close(self._open_connection)

    # ── reading ───────────────────────────────────────────────────────────────────────

    @staticmethod
    def _objects(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Stored]:
        found = {}
        for key in keys:
            row = db.execute(
                "SELECT data, version FROM objects WHERE folder = ? AND name = ?", split(key)
            ).fetchone()
            if row is not None:
                found[key] = Stored(bytes(row[0]), str(row[1]))
        return found

    @staticmethod
    def _members(db: sqlite3.Connection, folder: str, suffix: str) -> dict[str, Stored]:
        rows = db.execute("SELECT name, data, version FROM objects WHERE folder = ?", (folder,))
        return {
            f"{folder}/{name}" if folder else name: Stored(data, str(version))
            for name, data, version in rows
            if name.endswith(suffix) and not name.startswith(".")
        }

    @staticmethod
    def _versions(db: sqlite3.Connection, expected: Expected) -> dict[str, Token]:
        """The tokens of the expected keys; all of a folder's at once where many are asked."""
        by_folder: dict[str, list[str]] = {}
        for key in expected:
            folder, name = split(key)
            by_folder.setdefault(folder, []).append(name)
        versions: dict[str, Token] = {}
        for folder, names in by_folder.items():
            prefix = f"{folder}/" if folder else ""
            if len(names) > _MANY:
                rows = db.execute(
                    "SELECT ? || name, CAST(version AS TEXT) FROM objects WHERE folder = ?",
                    (prefix, folder),
                )
                versions.update(rows)
                continue
            for name in names:
                row = db.execute(
                    "SELECT version FROM objects WHERE folder = ? AND name = ?", (folder, name)
                ).fetchone()
                if row is not None:
                    versions[prefix + name] = str(row[0])
        return versions

    @staticmethod
    def _is_folder(db: sqlite3.Connection, key: str) -> bool:
        found = db.execute("SELECT 1 FROM folders WHERE key = ?", (key,)).fetchone()
        return not key or found is not None

    def _refuse_folder(self, db: sqlite3.Connection, key: str) -> None:
        if self._is_folder(db, key):
            raise WrongKindError(
                "an object was expected, a folder found", location=self.locate(key)
            )

    def _refuse_object(self, db: sqlite3.Connection, key: str) -> None:
        found = db.execute(
            "SELECT 1 FROM objects WHERE folder = ? AND name = ?", split(key)
        ).fetchone()
        if key and found is not None:
            raise WrongKindError(
                "a folder was expected, an object found", location=self.locate(key)
            )

    # ── writing ───────────────────────────────────────────────────────────────────────

    def _change(self, db: sqlite3.Connection, changes: Sequence[Change], number: int) -> None:
        puts = [change for change in changes if isinstance(change, Put)]
        folders: set[str] = set()
        for change in changes:
            if isinstance(change, MakeFolder):
                folders.update((*ancestors(change.key), change.key))
            elif isinstance(change, Remove):
                self._remove(db, change.key)
        places = [split(put.key) for put in puts]
        for folder in {folder for folder, _ in places}:
            folders.update((*ancestors(folder), folder))
        for folder in folders - {""}:
            self._refuse_object(db, folder)
        self._refuse_folders(db, puts)
        db.executemany(
            "INSERT OR IGNORE INTO folders (key) VALUES (?)", [(key,) for key in folders - {""}]
        )
        db.executemany(
            _PUT,
            [
                (folder, name, number, put.data)
                for (folder, name), put in zip(places, puts, strict=True)
            ],
        )

    def _refuse_folders(self, db: sqlite3.Connection, puts: Sequence[Put]) -> None:
        if len(puts) <= _MANY:
            for put in puts:
                self._refuse_folder(db, put.key)
            return
        folders = {key for (key,) in db.execute("SELECT key FROM folders")}
        for put in puts:
            if put.key in folders:
                self._refuse_folder(db, put.key)

    @staticmethod
    def _remove(db: sqlite3.Connection, key: str) -> None:
        below = f"{key}/"
        db.execute("DELETE FROM objects WHERE folder = ? AND name = ?", split(key))
        for table, column in (("objects", "folder"), ("folders", "key")):
            db.execute(
                f"DELETE FROM {table} WHERE {column} = ? OR substr({column}, 1, ?) = ?",  # noqa: S608 — both names are ours.
                (key, len(below), below),
            )

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
        """Connections must not cross a fork, nor outlive their file."""
        there = self.path.exists()
        if not there and self._was_there:
            raise StorageError(
                "the file is gone", location=str(self.path), hint="bring it back, or mount again"
            )
        mine = self._open_connection.get(os.getpid())
        if mine is not None:
            return mine
        if not there and not create:
            return None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(str(error.strerror), location=str(self.path.parent)) from error
        mine = self._connect(is_new=not there)
        self._open_connection[os.getpid()] = mine
        self._was_there = True
        return mine

    def _connect(self, *, is_new: bool) -> sqlite3.Connection:
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
            if mode == "rwc":
                db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except BaseException:
            db.close()
            raise
        return db

    def _told(self, error: sqlite3.Error) -> StorageError:
        text = str(error)
        hint = "nothing was changed"
        if "not a database" in text or "malformed" in text:
            hint = "this is no SQLite file of worktree; choose another one"
        elif "locked" in text:
            hint = "another process holds the file; let it finish"
        elif "readonly" in text:
            hint = "give this user the permission to write it"
        elif "full" in text:
            hint = "make room and try again"
        return StorageError(text, location=str(self.path), hint=hint)


def _close(connections: dict[int, sqlite3.Connection]) -> None:
    """Close this process's connection; one that came through a fork is its parent's."""
    mine = connections.pop(os.getpid(), None)
    if mine is not None:
        mine.close()
