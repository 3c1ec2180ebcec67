"""The database under a spool: opened when used, closed before a fork, fsynced on every commit.

Every use of SQLite is inside `named()` or `transaction()`, and so inside the fork gate. Closing
is too, also of a database that its owner has lost: an open one that the garbage collector found
would be closed by whatever thread that runs in, and a fork at that moment would leave the child
with one of SQLite's own locks, which nobody there will ever release.
"""

import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..errors import SpoolCorruptError, SpoolError
from .forks import GATE

_APPLICATION_ID: Final = 0x53594E43  # "SYNC"
_SCHEMA_VERSION: Final = 1
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
CREATE TABLE delivered (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
CREATE TABLE renames (old TEXT PRIMARY KEY, new TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE drops (reason TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID;
"""


class SpoolDatabase:
    """One connection, for one operating-system thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()  # closing under a running statement would crash Python
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        GATE.watch(self)

    def __del__(self) -> None:
        if not sys.is_finalizing():  # then nobody forks, and a lost thread may hold any lock
            with GATE.inside():
                self.suspend()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on the disk at the end."""
        with self.named() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def named(self) -> Iterator[sqlite3.Connection]:
        """Say which file an error is about, and what kind of error it is."""
        try:
            with self._lock, GATE.inside():
                yield self._opened()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorname", "")
            if code in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
                raise SpoolCorruptError(f"the file is damaged: {error}", path=self.path) from error
            raise SpoolError(f"{code or 'sqlite'}: {error}", path=self.path) from error
        except OSError as error:
            raise SpoolError(f"{error.strerror or error}", path=self.path) from error

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

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._closed:
                raise SpoolError("the spool is closed", path=self.path)
            self._connection = self._prepared()
        return self._connection

    def _prepared(self) -> sqlite3.Connection:
        """Open the file and make it a spool, whoever else is doing the same at this moment.

        SQLite does not wait where two connections switch a new file to write-ahead mode.
        """
        until = time.monotonic() + _BUSY_S
        while True:
            connection = _connect(self.path)
            try:
                _prepare(connection, self.path)
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


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)  # records are nobody else's business
    return sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("BEGIN")  # the three answers belong to one moment
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    db.execute("COMMIT")
    if (application, version) == (_APPLICATION_ID, _SCHEMA_VERSION):
        db.execute("PRAGMA synchronous = FULL")
        return
    if application or version or tables:
        raise SpoolCorruptError("this database is no spool of this version", path=path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("BEGIN IMMEDIATE")
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    db.execute("COMMIT")
