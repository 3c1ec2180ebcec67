"""Fixtures for pytest: `syncropel_kernel`, and a `syncropel_client` that talks to it."""

from collections.abc import Iterator

import pytest

from ..client import Client
from ..identity import Identity
from ._mock import MockKernel


@pytest.fixture
def syncropel_kernel() -> MockKernel:
    """A fresh kernel for each test."""
    return MockKernel()


@pytest.fixture
def syncropel_client(syncropel_kernel: MockKernel) -> Iterator[Client]:
    """A client of that kernel, for sync and async tests alike."""
    with Client(
        endpoint="http://kernel.test",
        identity=Identity.static("did:test:me"),
        transport=syncropel_kernel.transport(),
    ) as client:
        yield client
