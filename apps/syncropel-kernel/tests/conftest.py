"""What the tests share: a running server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One `syncropel serve` for a module; tests use threads of their own."""
    with serving(tmp_path_factory.mktemp("served") / "store.db") as running:
        yield running


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Where a store may be made."""
    return tmp_path / "store.db"
