"""Server-sent events of a thread: what a watcher is told, and when.

The event id is the sequence of the newest record told, so `Last-Event-ID` resumes exactly
there. Nothing is queued for a slow reader: each turn reads the store from the reader's own
position, so a watcher can be slow but can never miss a record. Watchers that stand at the same
place share the reading and the encoding.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from ..errors import StoreError
from .machine import Kernel
from .store import Selection
from .trouble import refusal_of

Work = Callable[[], Any]
_TURN: Final = 200
_MOST_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class Watch:
    """A request to follow a thread; `after_sequence` None means from now on."""

    thread: str
    after_sequence: int | None = None
    above_clock: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What lies behind one position: events as (sequence, clock, bytes), and the next position."""

    events: tuple[tuple[int, int, bytes], ...]
    joined: bytes
    position: int

    def told_to(self, watch: Watch, *, boundary: int) -> bytes:
        """Return what this watcher hears; clocks choose only among what was there before it."""
        if self.position > boundary and (not self.events or self.events[0][0] > boundary):
            return self.joined
        above = -1 if watch.above_clock is None else watch.above_clock
        return b"".join(
            content
            for sequence, clock, content in self.events
            if sequence > boundary or clock > above
        )


async def at_once(work: Work) -> Any:
    """Do the work here and now: reading memory takes no time."""
    return work()


class Watchtower:
    """Serves all watches of one kernel on one event loop, until `close`.

    `read` runs what reads the store, in a thread if need be.
    """

    def __init__(self, kernel: Kernel, *, read: Callable[[Work], Awaitable[Any]] = at_once) -> None:
        self._kernel = kernel
        self._read = read
        self._loop = asyncio.get_running_loop()
        self._news: dict[str, asyncio.Future[None]] = {}
        self._turns: dict[tuple[str, int], asyncio.Future[Turn]] = {}
        self._closing = False
        self._unlisten = kernel.listen(self._heard)
        self._watched = Counter[str]()

    def close(self) -> None:
        """Let every watch say goodbye and end."""
        self._closing = True
        self._unlisten()
        self._tell(None)

    async def events(
        self, watch: Watch, *, heartbeat_s: float = 30.0, retry_after_ms: int = 1_000
    ) -> AsyncIterator[bytes]:
        """Yield the event stream of one watch."""
        self._watched[watch.thread] += 1
        position = 0
        try:
            boundary: int = await self._read(self._kernel.store.last_sequence)
            position = _start(watch, boundary)
            yield heartbeat(position)
            while not self._closing:
                news = self._news_of(watch.thread)  # asked for before reading: nothing is missed
                turn = await self._turn(watch.thread, position)
                told, position = turn.told_to(watch, boundary=boundary), turn.position
                if told:
                    yield told
                elif not turn.events and not await _happens(news, heartbeat_s):
                    yield heartbeat(position)
            yield event("server_shutdown", {"retry_after_ms": retry_after_ms}, position)
        except StoreError as error:
            refusal = refusal_of(error)
            yield event("error", {"code": refusal.code, "message": refusal.message}, position)
        finally:
            self._leave(watch.thread)

    @property
    def watchers(self) -> int:
        """How many watches there are now."""
        return self._watched.total()

    def _leave(self, thread: str) -> None:
        self._watched[thread] -= 1
        if not self._watched[thread]:
            del self._watched[thread]
            self._news.pop(thread, None)

    def _heard(self, threads: Collection[str] | None) -> None:
        """Be told by whatever thread has stored something."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, threads)

    def _tell(self, threads: Collection[str] | None) -> None:
        """Wake who watches these threads, or everybody."""
        self._turns.clear()
        for thread in list(self._news) if threads is None else threads:
            news = self._news.pop(thread, None)
            if news is not None and not news.done():
                news.set_result(None)

    def _news_of(self, thread: str) -> asyncio.Future[None]:
        news = self._news.get(thread)
        if news is None:
            news = self._news[thread] = self._loop.create_future()
        return news

    async def _turn(self, thread: str, position: int) -> Turn:
        """Read on from a position, once for all who stand there."""
        under_way = self._turns.get((thread, position))
        if under_way is None:
            if len(self._turns) >= _MOST_REMEMBERED:
                self._turns.clear()
            under_way = asyncio.ensure_future(self._read_turn(thread, position))
            self._turns[thread, position] = under_way
        if under_way.done():
            return under_way.result()
        return await asyncio.shield(under_way)  # others may wait for it too

    async def _read_turn(self, thread: str, position: int) -> Turn:
        turn: Turn = await self._read(lambda: read_turn(self._kernel, thread, position))
        return turn


def read_turn(kernel: Kernel, thread: str, position: int) -> Turn:
    """Read the next events of a thread."""
    newest = kernel.store.last_sequence()  # read first: whatever it counts, the scan can see
    events: list[tuple[int, int, bytes]] = []
    for record in kernel.store.scan(Selection(thread=thread, after_sequence=position)):
        position = record["sequence"]
        content = event("record.created", {"id": record["id"], "record": record}, position)
        events.append((position, record["clock"], content))
        if len(events) == _TURN:
            break
    else:
        position = max(position, newest)
    return Turn(tuple(events), b"".join(content for _, _, content in events), position)


def event(name: str, data: dict[str, Any], event_id: int) -> bytes:
    """Write one event."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event_id}\nevent: {name}\ndata: {text}\n\n".encode()


def heartbeat(position: int) -> bytes:
    """Say that the stream is alive, and where it stands."""
    return event("heartbeat", {}, position)


def _start(watch: Watch, newest: int) -> int:
    if watch.after_sequence is not None:
        return watch.after_sequence
    return 0 if watch.above_clock is not None else newest


async def _happens(news: asyncio.Future[None], seconds: float) -> bool:
    """Wait for news; False when only the heartbeat is due."""
    if news.done():
        return True
    done, _ = await asyncio.wait([news], timeout=seconds)
    return bool(done)
