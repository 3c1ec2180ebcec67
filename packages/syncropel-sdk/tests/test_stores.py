"""Memory and SQLite under the one suite of all stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncropel.kernel import Kernel, MemoryStore, SqliteStore
from syncropel.testing import MockKernel, Offer, StoreAcceptance, check_offer, offers


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


OFFERS = [pytest.param(offer, id=offer.name) for offer in offers()]


@pytest.mark.parametrize("offer", OFFERS)
def test_vectors_at_the_mock(offer: Offer) -> None:
    """The mock stores exactly the valid records, under their ids."""
    check_offer(MockKernel().kernel, offer)


@pytest.mark.parametrize("offer", OFFERS)
def test_vectors_on_sqlite(offer: Offer, tmp_path: Path) -> None:
    """A kernel on SQLite stores exactly the valid records, and reads them back."""
    store = SqliteStore(tmp_path / "store.db")
    try:
        check_offer(Kernel(store), offer)
    finally:
        store.close()
