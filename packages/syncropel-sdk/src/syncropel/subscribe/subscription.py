"""A subscription as callers hold it: started, watched, closed."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from ..errors import SubscribeError
from .cursor import CursorStore
from .feed import Feed

_log: Final = logging.getLogger("syncropel")


class Subscription:
    """A thread that is being followed in the background.

    `cursor` is the position after the last record whose callback has returned; `error` says
    why the subscription ended by itself, and is None while it runs or after `close`.
    """

    transport_name: Final = "sse"

    def __init__(self, feed: Feed, store: CursorStore | None = None) -> None:
        self._feed = feed
        self._store = store
        self._error: SubscribeError | None = None
        feed.moved = self._moved
        feed.tell = call_hook
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def thread(self) -> str:
        """The thread that is followed."""
        return self._feed.thread

    @property
    def cursor(self) -> str | None:
        """The position to resume from; None before anything was heard."""
        return self._feed.cursor

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    @property
    def error(self) -> SubscribeError | None:
        """Why it ended by itself."""
        return self._error

    def close(self) -> None:
        """Stop following; `wait_closed` waits until that is so."""
        self._task.cancel()

    def close_from(self, here: asyncio.AbstractEventLoop) -> None:
        """`close`, from whichever event loop asks."""
        loop = self._task.get_loop()
        if loop is here:
            self.close()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(self.close)

    async def wait_closed(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 (published)
        """Return when it has ended, or after `timeout` seconds."""
        await asyncio.wait([self._task], timeout=timeout)

    async def _run(self) -> None:
        try:
            if self._store is not None and self._feed.cursor is None:
                self._feed.cursor = await asyncio.to_thread(self._store.load)
            await self._feed.run()
        except SubscribeError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 (a background task must end in words, not in a log)
            self._error = SubscribeError("gave_up", f"{type(error).__name__}: {error}")
            await call_hook(self._feed.options.on_error, (self._error,))

    async def _moved(self, cursor: str) -> None:
        if self._store is not None:
            await asyncio.to_thread(self._store.save, cursor)


class RecordStream:
    """`async for record in client.stream(thread)`: the same feed, pulled instead of pushed.

    The feed waits for the loop body: the cursor moves past a record when the next one is asked
    for. Memory stays flat however fast the thread grows.
    """

    def __init__(self, start: Callable[[Callable[..., Awaitable[None]]], Subscription]) -> None:
        self._start = start
        self._offered: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1)
        self._handled: asyncio.Event | None = None
        self.subscription: Subscription | None = None

    @property
    def cursor(self) -> str | None:
        """The position after the last record that was worked off."""
        return self.subscription.cursor if self.subscription else None

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self

    async def __anext__(self) -> dict[str, Any]:
        if self.subscription is None:
            self.subscription = self._start(self._offer)
        if self._handled is not None:
            self._handled.set()
        offer = asyncio.ensure_future(self._offered.get())
        task = self.subscription._task
        try:
            await asyncio.wait([offer, task], return_when=asyncio.FIRST_COMPLETED)
            if offer.done():
                return offer.result()
        finally:
            offer.cancel()
        if self.subscription.error is not None:
            raise self.subscription.error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop following."""
        if self.subscription is not None:
            self.subscription.close()
            await self.subscription.wait_closed()

    async def __aenter__(self) -> "RecordStream":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _offer(self, record: dict[str, Any]) -> None:
        self._handled = asyncio.Event()
        await self._offered.put(record)
        await self._handled.wait()


async def call_hook(hook: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    """Call a hook, sync or async; its faults are logged and go no further."""
    if hook is None:
        return
    try:
        outcome = hook(*arguments)
        if inspect.isawaitable(outcome):
            await outcome
    except Exception:  # noqa: BLE001 (somebody else's code)
        _log.warning("the hook %r failed", hook, exc_info=True)
