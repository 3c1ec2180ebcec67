"""Following a thread: `subscribe` pushes records, `stream` is pulled."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import ArgumentTypeError, InvalidArgumentError, SubscribeError
from ..reads import quoted
from ..subscribe import (
    CursorStore,
    Feed,
    FeedOptions,
    RecordStream,
    Subscription,
    call_hook,
)
from ._reads import Reads

Handler = Callable[[dict[str, Any]], Awaitable[None] | None]


class Follows(Reads):
    """The client's subscriptions."""

    def subscribe(
        self,
        thread: str,
        callback: Handler,
        *,
        since_clock: int | None = None,
        bearer: str | None = None,
        on_error: Callable[[SubscribeError], object] | None = None,
        on_open: Callable[[], object] | None = None,
        on_heartbeat: Callable[[], object] | None = None,
        reconnect_base_s: float = 0.5,
        reconnect_max_s: float = 30.0,
        max_reconnects: float = float("inf"),
        heartbeat_timeout_s: float = 60.0,
        transport: str | None = None,
        cursor: str | None = None,
        cursor_store: CursorStore | None = None,
    ) -> Subscription:
        """Call `callback` (sync or async) with every new record of a thread, in order.

        The cursor moves when the callback has returned; one that raises gets the record again,
        a few times, and then the subscription ends with the cursor before it. Give a
        `cursor_store` (a `FileCursor`, say) to resume in the next process.

        Call it where an event loop runs. It reconnects by itself, also when the stream merely
        falls silent, and stops for good on 401 and 403.
        """
        return self._follow(
            thread, _as_async(callback), bearer=bearer, since_clock=since_clock, cursor=cursor,
            cursor_store=cursor_store, transport=transport,
            options=FeedOptions(
                reconnect_base_s, reconnect_max_s, max_reconnects, heartbeat_timeout_s,
                on_error=on_error, on_open=on_open, on_heartbeat=on_heartbeat,
            ),
        )  # fmt: skip

    def stream(
        self,
        thread: str,
        *,
        since_clock: int | None = None,
        bearer: str | None = None,
        reconnect_base_s: float = 0.5,
        reconnect_max_s: float = 30.0,
        max_reconnects: float = float("inf"),
        heartbeat_timeout_s: float = 60.0,
        cursor: str | None = None,
        cursor_store: CursorStore | None = None,
    ) -> RecordStream:
        """Iterate over the new records of a thread: `async for record in client.stream(…)`.

        Close it (`async with`, or `aclose`) when leaving the loop early. It raises
        `SubscribeError` where following on makes no sense.
        """

        def start(offer: Callable[[dict[str, Any]], Awaitable[None]]) -> Subscription:
            return self._follow(
                thread, offer, bearer=bearer, since_clock=since_clock, cursor=cursor,
                cursor_store=cursor_store, transport=None,
                options=FeedOptions(
                    reconnect_base_s, reconnect_max_s, max_reconnects, heartbeat_timeout_s
                ),
            )  # fmt: skip

        return RecordStream(start)

    def _follow(
        self,
        thread: str,
        handle: Callable[[dict[str, Any]], Awaitable[None]],
        *,
        bearer: str | None,
        since_clock: int | None,
        cursor: str | None,
        cursor_store: CursorStore | None,
        transport: str | None,
        options: FeedOptions,
    ) -> Subscription:
        if not thread or not isinstance(thread, str):
            raise InvalidArgumentError("subscribe requires a non-empty `thread`", field="thread")
        if transport not in {None, "sse"}:
            raise InvalidArgumentError("the only transport is 'sse'", field="transport")
        headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
        feed = Feed(
            thread,
            f"{self.endpoint}/v1/threads/{quoted(thread)}/watch",
            headers,
            self._engine().wire.stream_client(),
            handle,
            options,
            moved=_nowhere,
            tell=call_hook,
            since_clock=since_clock,
            cursor=cursor,
        )
        subscription = Subscription(feed, cursor_store)
        self._subscriptions.add(subscription)
        return subscription


async def _nowhere(_: str) -> None:
    return None


def _as_async(callback: Handler) -> Callable[[dict[str, Any]], Awaitable[None]]:
    if not callable(callback):
        raise ArgumentTypeError("callback must be callable", field="callback")

    async def handle(record: dict[str, Any]) -> None:
        try:
            outcome = callback(record)
            if inspect.isawaitable(outcome):
                await outcome
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RuntimeError("the callback was cancelled") from None

    return handle
