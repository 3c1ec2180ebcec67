"""Connections to one database: each thread has its own, made anew when it broke."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import errors

from syncropel import StoreCeilingError, StoreCorruptError, StoreError, StoreUnavailableError

from . import schema


class Connections:
    """Connects, once for each thread that asks; `close` ends them all."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.where = "PostgreSQL"
        self._own = threading.local()
        self._opened: list[psycopg.Connection] = []
        self._opening = threading.Lock()
        self._closed = False
        try:
            with self.named():
                db = self.here()
                self.where = f"PostgreSQL {db.info.dbname} at {db.info.host}:{db.info.port}"
                schema.prepare(db, where=self.where)
        except BaseException:  # also of Ctrl-C: nobody else holds what was opened
            self.close()
            raise

    def here(self) -> psycopg.Connection:
        """Return this thread's connection."""
        db: psycopg.Connection | None = getattr(self._own, "db", None)
        if db is None or db.closed or db.broken:
            db = self._own.db = self._open()
        return db

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """Write: all of it is committed at the end, or nothing."""
        with self.named():
            db = self.here()
            with db.transaction():
                yield db

    @contextmanager
    def named(self) -> Iterator[None]:
        """Say which database an error is about, and what kind of error it is."""
        try:
            yield
        except psycopg.Error as error:
            raise _store_error(error, self.where) from error

    def close(self) -> None:
        """End every connection."""
        with self._opening:
            self._closed = True
            for db in self._opened:
                with suppress(psycopg.Error):
                    db.close()
            self._opened.clear()

    def _open(self) -> psycopg.Connection:
        with self._opening:
            if self._closed:
                raise StoreUnavailableError("the store is closed", where=self.where)
            db = psycopg.connect(self.dsn, autocommit=True, connect_timeout=10)
            self._opened = [each for each in self._opened if not each.closed]
            self._opened.append(db)
            return db


def _store_error(error: psycopg.Error, where: str) -> StoreError:
    said = str(error).strip().split("\n", maxsplit=1)[0]
    if isinstance(error, errors.DiskFull):
        return StoreCeilingError("the database server's disk is full", where=where)
    if isinstance(error, errors.DataCorrupted | errors.IndexCorrupted):
        return StoreCorruptError(f"the database is damaged: {said}", where=where)
    return StoreUnavailableError(said or type(error).__name__, where=where)
