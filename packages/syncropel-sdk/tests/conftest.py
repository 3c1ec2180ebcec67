"""What the tests share: a maker of clients, and the package's own fixtures."""

from collections.abc import Callable

import pytest

from syncropel import Client, Identity, Limits

pytest_plugins = ["syncropel.testing.fixtures"]

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}


@pytest.fixture
def make_client() -> Callable[..., Client]:
    """Return a maker of clients: few retries, no waiting between them, time for a busy machine."""

    def make(endpoint: str = "http://kernel.test", **options: object) -> Client:
        defaults: dict = {
            "identity": Identity.static("did:test:me"),
            "timeout": 20.0,
            "max_retries": 1,
            "backoff_ms": 1,
            "limits": Limits(deadline_s=30.0),
        }
        return Client(endpoint=endpoint, **{**defaults, **options})

    return make
