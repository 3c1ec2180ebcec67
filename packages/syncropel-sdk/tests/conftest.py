"""What the tests share: a maker of clients, and the package's own fixtures."""

from collections.abc import Callable

import pytest
from hypothesis import settings

from syncropel import Client, Identity, Limits
from syncropel.testing.fixtures import syncropel_client, syncropel_kernel

# By name: pytest takes `pytest_plugins` from the conftest of the whole run alone.
__all__ = ["make_client", "syncropel_client", "syncropel_kernel"]

settings.register_profile("syncropel", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("syncropel")

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
