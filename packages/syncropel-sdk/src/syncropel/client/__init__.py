"""The client: one object that emits, reads and follows."""

from typing import Self

from ._core import OnEmit
from ._follows import Follows

__all__ = ["Client", "OnEmit"]


class Client(Follows):
    """A client of one Syncropel server, for one identity.

    Use it from any event loop or thread. It raises for a programmer's mistakes; transport,
    server and payload faults are results, with `last_error` beside them. Two methods also raise
    when they wait in vain: `infer` (unless its options say `fail_open`) and `stream`.

    Args:
        endpoint: the server.
        identity: who emits (`Identity.static`, `Identity.key`, `Identity.federated`).
        timeout: seconds one exchange may take.
        max_retries: further attempts after the first.
        backoff_ms: the first wait between attempts; doubled each time, with full jitter.
        on_emit: called with every result; sync or async; its faults are logged.
        api_key: sent as `x-api-key` and as a bearer token.
        transport: an httpx transport instead of the network (the `MockKernel`'s, for tests).
        interop: `strict` refuses bodies that other languages would encode differently.
        strict: reads raise `ReadFailedError` instead of answering with nothing.
        spool: a `Spool` or a path: accepted means on this machine's disk.
        overflow: what a full queue does: `block`, `drop_oldest`, or `spool`, which also turns
            the spool from write-ahead into a fallback for what cannot be sent.
        limits: every bound in one place.
        breaker: when to stop asking a server that does not answer.
        telemetry: `OpenTelemetry()`, or anything with its few methods.
        verify: what httpx takes: True, False or an `ssl.SSLContext`.
    """

    async def __aenter__(self) -> Self:
        if self.spool is not None:
            self._engine()  # starts sending what an earlier process has left
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_sync()
