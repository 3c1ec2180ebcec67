"""Connections to one file: each thread has its own, and one thread at a time writes.

In write-ahead mode readers neither wait for the writer nor hold it up. Errors of SQLite leave
here as a `StoreError` that says what to do.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ...errors import StoreCeilingError, StoreCorruptError, StoreError, StoreUnavailableError
from . import schema

_BUSY_S: Final = 30.0
_CHECKPOINT_PAGES: Final = 4_000
_CACHE_KIB: Final = 16_384


class Connections:
    """Opens the file, once for each thread that asks; `close` closes them all."""

    def __init__(self, path: Path, *, max_bytes: int | None) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._closed = False
        try:
            with self.named():
                _make_private(path)
                schema.prepare(self.here(), path=str(path))
        except BaseException:
            self.close()
            raise

    def here(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        db: sqlite3.Connection | None = getattr(self._own, "db", None)
        if db is None:
            db = self._own.db = self._open()
        return db

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write alone, also among processes; on the disk at the end, or not at all."""
        with self._writing, self.named():
            db = self.here()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                raise

    @contextmanager
    def named(self) -> Iterator[None]:
        """Say which file an error is about, and what kind of error it is."""
        try:
            yield
        except sqlite3.Error as error:
            raise _store_error(error, str(self.path)) from error
        except OSError as error:
            raise StoreUnavailableError(
                error.strerror or str(error), where=str(self.path)
            ) from error

    def close(self) -> None:
        """Close every connection; SQLite folds the journal into the file with the last one."""
        with self._writing, self._opening:
            self._closed = True
            for db in self._opened:
                db.close()
            self._opened.clear()

    def _open(self) -> sqlite3.Connection:
        with self._opening:
            if self._closed:
                raise StoreUnavailableError("the store is closed", where=str(self.path))
            db = sqlite3.connect(
                self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._opened.append(db)
        schema.version_of(db, str(self.path))  # before anything is written to a stranger's file
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        db.execute("PRAGMA trusted_schema = OFF")
        if self._max_bytes is not None:
            page = db.execute("PRAGMA page_size").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {max(1, self._max_bytes // page)}")
        return db


def _make_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its companions the same mode."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _store_error(error: sqlite3.Error, where: str) -> StoreError:
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith("SQLITE_FULL"):
        return StoreCeilingError(
            "the disk is full, or the store's own limit is reached", where=where
        )
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreCorruptError(
            f"the file is damaged or is no store ({error}); put a backup in its place, "
            "or let `sqlite3 FILE .recover` save what is readable",
            where=where,
        )
    return StoreUnavailableError(f"{code or 'SQLite'}: {error}", where=where)
