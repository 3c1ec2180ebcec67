"""The kernel of tests: the real state machine in memory, reached without a network."""

from typing import Any

from ..kernel import Kernel, KernelLimits, MemoryStore
from ._transport import KernelTransport


class MockKernel:
    """A whole server for tests: `Client(..., transport=MockKernel().transport())`.

    Ids, duplicate clocks, batches, queries, search, changes and watching are the kernel's own;
    nothing is imitated.
    """

    def __init__(
        self, *, limits: KernelLimits | None = None, max_records: int | None = None,
        heartbeat_s: float = 30.0,
    ) -> None:  # fmt: skip
        self._store = MemoryStore(max_records=max_records)
        self.kernel = Kernel(self._store, limits=limits)
        self._transport = KernelTransport(self.kernel, heartbeat_s=heartbeat_s)

    def transport(self) -> KernelTransport:
        """Return the transport to hand to a client; all of them share this kernel."""
        return self._transport

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every record, in the order it was stored."""
        return self._store.all_records()

    @property
    def threads(self) -> dict[str, list[dict[str, Any]]]:
        """Every thread's records, by the thread's name."""
        return {
            state.thread: self._store.records_in(state.thread) for state in self._store.threads()
        }

    def records_in(self, thread: str) -> list[dict[str, Any]]:
        """Return a thread's records."""
        return self._store.records_in(thread)

    def records_by_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the records of a kind."""
        return self._store.records_by_kind(kind)

    def records_by_actor(self, actor: str) -> list[dict[str, Any]]:
        """Return the records of an actor."""
        return self._store.records_by_actor(actor)

    def count(self) -> int:
        """Return how many records there are."""
        return self._store.count()

    def clear(self) -> None:
        """Forget every record, and every failure still to come."""
        self._store.clear()
        self._transport.fail_posts = self._transport.fail_gets = 0

    def fail_next_post(self, n: int = 1) -> None:
        """Let the next `n` POST requests find nobody."""
        self._transport.fail_posts = n

    def fail_next_get(self, n: int = 1) -> None:
        """Let the next `n` GET requests find nobody."""
        self._transport.fail_gets = n
