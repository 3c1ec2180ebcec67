"""The store on one SQLite file: write-ahead, fsynced on every commit, indexed, searchable."""

from .store import SqliteStore

__all__ = ["SqliteStore"]
