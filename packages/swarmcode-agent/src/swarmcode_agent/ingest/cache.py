"""Facts that have been worked out before, kept beside the snapshots.

A SQLite file, so that a killed ingest loses at most the last moments of work. It may be deleted
at any time; a file that is no cache is an error, not a reason to begin anew silently.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import OutputError

_COMMIT_EVERY = 50
_OPENING = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
    "BEGIN",
)


class FactsCache:
    """Facts by key; shared by threads, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsaved = 0
        self._turn = threading.Lock()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            for statement in _OPENING:
                self._database.execute(statement)
        except sqlite3.Error as error:
            self._database.close()
            raise OutputError(
                str(path), f"the cache cannot be used ({error}); delete it"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.execute("COMMIT")
        self._database.close()

    def get(self, key: str) -> str | None:
        """Return the facts kept under a key."""
        with self._turn:
            found = self._database.execute("SELECT value FROM facts WHERE key = ?", (key,))
            row = found.fetchone()
        return zlib.decompress(row[0]).decode() if row else None

    def put(self, key: str, text: str) -> None:
        """Keep facts under a key; saved every few dozen files."""
        value = zlib.compress(text.encode(), 1)
        with self._turn:
            self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))
            self._unsaved += 1
            if self._unsaved >= _COMMIT_EVERY:
                self._database.execute("COMMIT")
                self._database.execute("BEGIN")
                self._unsaved = 0
