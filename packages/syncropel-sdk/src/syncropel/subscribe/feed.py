"""The reading side of a subscription: connections, silence, resuming, giving up.

A feed hands records to a handler in order. The cursor moves when the handler has returned, and
never past a record it has not seen: whatever cuts the stream, the next connection resumes
right there, and what a server repeats is recognised by its id.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import httpx

from ..errors import SubscribeError
from ..nesting import read_json
from .sse import EventParser, ServerEvent, StreamTooLongError

_REMEMBERED: Final = 10_000
_FINAL_STATUSES: Final = frozenset({400, 401, 403, 404, 405, 406, 410})

Reason = Literal[
    "unauthorized", "refused", "silent", "cut", "lagged", "server_shutdown", "unreachable",
    "not_a_stream", "callback", "gave_up",
]  # fmt: skip


class _Disconnected(Exception):  # noqa: N818 (control flow of this module alone)
    """This connection is over."""

    def __init__(
        self, reason: Reason, message: str, *, wait_s: float | None = None, final: bool = False
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.wait_s = wait_s
        self.final = final


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """How patient a feed is, and whom it tells."""

    reconnect_base_s: float = 0.5
    reconnect_max_s: float = 30.0
    max_reconnects: float = float("inf")
    heartbeat_timeout_s: float = 60.0
    max_redeliveries: int = 5
    on_error: Callable[[SubscribeError], object] | None = None
    on_open: Callable[[], object] | None = None
    on_heartbeat: Callable[[], object] | None = None


@dataclass
class Feed:
    """One thread, followed for as long as it takes."""

    thread: str
    url: str
    headers: dict[str, str]
    client: httpx.AsyncClient
    handle: Callable[[dict[str, Any]], Awaitable[None]]
    options: FeedOptions
    moved: Callable[[str], Awaitable[None]]
    """Called with every new cursor, after the handler."""
    tell: Callable[[Callable[..., object] | None, tuple[Any, ...]], Awaitable[None]]
    """Calls a hook of the caller's; its faults stay there."""
    since_clock: int | None = None
    cursor: str | None = None
    rng: random.Random = field(default_factory=random.Random)
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _redelivered: int = 0
    _opened: bool = False
    _retry_s: float = 0.0

    async def run(self) -> None:
        """Follow the thread until cancelled.

        Raises:
            SubscribeError: it makes no sense to go on.
        """
        attempt = 0
        while True:
            self._opened = False
            try:
                await self._connect()
                ended = _Disconnected("cut", "the server ended the stream")
            except _Disconnected as why:
                ended = why
            attempt = 1 if self._opened else attempt + 1
            wait = self._wait(ended, attempt)
            error = SubscribeError(ended.reason, ended.message, attempt=attempt, next_retry_s=wait)
            await self.tell(self.options.on_error, (error,))
            if wait is None:
                raise error
            await asyncio.sleep(wait)

    def _wait(self, ended: _Disconnected, attempt: int) -> float | None:
        options = self.options
        if ended.final or attempt > options.max_reconnects:
            return None
        if ended.wait_s is not None:
            return min(ended.wait_s, options.reconnect_max_s)
        ceiling: float = max(self._retry_s, options.reconnect_base_s * 2 ** min(attempt - 1, 30))
        return self.rng.uniform(0.5, 1.0) * min(ceiling, options.reconnect_max_s)

    async def _connect(self) -> None:
        try:
            async with self.client.stream(
                "GET",
                self.url,
                params=self._parameters(),
                headers=self._request_headers(),
                follow_redirects=False,
                timeout=httpx.Timeout(self.options.heartbeat_timeout_s),
            ) as response:
                self._check(response)
                await self.tell(self.options.on_open, ())
                await self._read(response)
        except httpx.ReadTimeout:
            raise self._silent() from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            reason: Reason = "cut" if self._opened else "unreachable"
            raise _Disconnected(reason, f"{type(error).__name__}: {error}") from error

    def _parameters(self) -> dict[str, int]:
        if self.cursor is not None or self.since_clock is None:
            return {}
        return {"since_clock": self.since_clock}

    def _request_headers(self) -> dict[str, str]:
        resume = {} if self.cursor is None else {"last-event-id": self.cursor}
        return {
            **self.headers, "accept": "text/event-stream", "cache-control": "no-cache", **resume
        }  # fmt: skip

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in {401, 403}:
            raise _Disconnected("unauthorized", f"HTTP {status}", final=True)
        if status in _FINAL_STATUSES:
            raise _Disconnected("refused", f"HTTP {status}", final=True)
        kind = response.headers.get("content-type", "")
        if status != 200 or not kind.startswith("text/event-stream"):
            raise _Disconnected("not_a_stream", f"HTTP {status} with {kind[:80] or 'no'} content")

    async def _read(self, response: httpx.Response) -> None:
        """Read events; silence ends the connection, also when bytes drip in without an event."""
        parser = EventParser()
        chunks = response.aiter_bytes()
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(heard + self.options.heartbeat_timeout_s):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise self._silent() from None
            if chunk is None:
                return
            try:
                events = parser.feed(chunk)
            except StreamTooLongError as error:
                raise _Disconnected("not_a_stream", str(error)) from None
            if parser.retry_ms is not None:
                self._retry_s = parser.retry_ms / 1_000
            for event in events:
                self._opened = True
                await self._take(event)
                heard = loop.time()

    def _silent(self) -> _Disconnected:
        return _Disconnected("silent", f"nothing came for {self.options.heartbeat_timeout_s} s")

    async def _take(self, event: ServerEvent) -> None:
        data = _object(event.data)
        if event.name == "record.created":
            await self._take_record(event, data)
        elif event.name == "heartbeat":
            await self._move(event.id)
            await self.tell(self.options.on_heartbeat, ())
        elif event.name == "server_shutdown":
            wait = data.get("retry_after_ms")
            wait_s = wait / 1_000 if type(wait) is int and wait >= 0 else None
            raise _Disconnected("server_shutdown", "the server is going down", wait_s=wait_s)
        elif event.name == "error":
            message = str(data.get("message", ""))[:200]
            lagged = data.get("code") == "lagged"
            raise _Disconnected(
                "lagged" if lagged else "cut", message, wait_s=0.0 if lagged else None
            )

    async def _take_record(self, event: ServerEvent, data: dict[str, Any]) -> None:
        record = data.get("record")
        if not isinstance(record, dict):
            raise _Disconnected("not_a_stream", "a record event without a record")
        record_id = str(record.get("id") or data.get("id") or "")
        if record_id and record_id in self._seen:
            await self._move(event.id)
            return
        await self._hand_over(record)
        if record_id:
            self._seen[record_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        await self._move(event.id)

    async def _hand_over(self, record: dict[str, Any]) -> None:
        """Give the record to the handler; if that fails, the cursor stays before it."""
        try:
            await self.handle(record)
        except Exception as error:
            self._redelivered += 1
            final = self._redelivered > self.options.max_redeliveries
            message = f"{type(error).__name__}: {error}"
            raise _Disconnected("callback", message, final=final) from error
        self._redelivered = 0

    async def _move(self, cursor: str | None) -> None:
        if cursor and cursor != self.cursor:
            self.cursor = cursor
            await self.moved(cursor)


def _object(text: str) -> dict[str, Any]:
    try:
        value = read_json(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
