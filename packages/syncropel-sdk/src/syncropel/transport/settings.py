"""What a client is configured with, once, and never changed."""

from dataclasses import dataclass, field
from typing import Final, Literal

import httpx

from ..errors import ArgumentTypeError, InvalidArgumentError
from ..telemetry import NO_TELEMETRY, Telemetry
from .retry import RetryPolicy

Overflow = Literal["block", "drop_oldest", "spool"]
OVERFLOWS: Final = ("block", "drop_oldest", "spool")
Transport = httpx.BaseTransport | httpx.AsyncBaseTransport


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a client. Everything it keeps in memory is under one of these.

    Attributes:
        deadline_s: how long one emit may take over all its attempts, waiting included.
        max_pending: how many records may wait in memory to be sent.
        max_pending_bytes: and how many bytes of them.
        max_connections: connections used where the server has no batch door.
        batch: whether to use the server's batch door, where it has one.
        max_batch_records: records in one batch; the server's own limit applies as well.
        max_answer_bytes: the longest answer to a read that is taken in.
        max_wait_s: the longest pause between two attempts, unless the server asks for more.
    """

    deadline_s: float = 60.0
    max_pending: int = 10_000
    max_pending_bytes: int = 64 << 20
    max_connections: int = 8
    batch: bool = True
    max_batch_records: int = 500
    max_answer_bytes: int = 64 << 20
    max_wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to send, as whom to knock, and how long to try."""

    endpoint: str
    headers: dict[str, str]
    policy: RetryPolicy
    limits: Limits
    overflow: Overflow
    transport: Transport | None
    verify: bool | object
    telemetry: Telemetry = field(default=NO_TELEMETRY)


def checked_endpoint(endpoint: object) -> str:
    """Return the endpoint without its trailing slash."""
    if not isinstance(endpoint, str):
        raise ArgumentTypeError(
            f"endpoint must be a str; got {type(endpoint).__name__}", field="endpoint"
        )
    return endpoint.rstrip("/")


def request_headers(api_key: object) -> dict[str, str]:
    """Return the headers of every request. Answers are asked for uncompressed and bounded."""
    headers = {
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
    }
    if api_key is not None:
        if not isinstance(api_key, str) or not api_key.isascii() or not api_key.isprintable():
            raise InvalidArgumentError("api_key must be printable ASCII text", field="api_key")
        headers["x-api-key"] = api_key
        headers["authorization"] = f"Bearer {api_key}"
    return headers
