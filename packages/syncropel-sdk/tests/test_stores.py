"""Memory and SQLite under the one suite of all stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncropel.kernel import MemoryStore, SqliteStore
from syncropel.testing import StoreAcceptance


class TestMemory(StoreAcceptance):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


class TestSqlite(StoreAcceptance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "store.db")
        yield store
        store.close()
