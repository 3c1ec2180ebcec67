"""Server-sent events of a thread: what a watcher is told, and when.

The event id is the sequence of the newest record told, so `Last-Event-ID` resumes exactly
there. Nothing is queued for a slow reader: each turn reads the store again from the reader's
own position, so a watcher can be slow but can never miss a record.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from .machine import Kernel
from .store import Selection

_TURN: Final = 200


@dataclass(frozen=True, slots=True)
class Watch:
    """A request to follow a thread; `after_sequence` None means from now on."""

    thread: str
    after_sequence: int | None = None
    above_clock: int | None = None


async def watch_events(
    kernel: Kernel,
    watch: Watch,
    *,
    heartbeat_s: float = 30.0,
    closing: asyncio.Event | None = None,
    retry_after_ms: int = 1_000,
) -> AsyncIterator[bytes]:
    """Yield the event stream until `closing` is set; then say goodbye."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    stop = kernel.listen(lambda: loop.call_soon_threadsafe(changed.set))
    position, boundary = _start(kernel, watch), kernel.store.last_sequence()
    try:
        yield heartbeat(position)
        while closing is None or not closing.is_set():
            changed.clear()
            events, position = _turn(kernel, watch, position, boundary)
            if events:
                yield b"".join(events)
            elif not await _happens(changed, closing, heartbeat_s):
                yield heartbeat(position)
        yield event("server_shutdown", {"retry_after_ms": retry_after_ms}, position)
    finally:
        stop()


def event(name: str, data: dict[str, Any], event_id: int) -> bytes:
    """Write one event."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event_id}\nevent: {name}\ndata: {text}\n\n".encode()


def heartbeat(position: int) -> bytes:
    """Say that the stream is alive, and where it stands."""
    return event("heartbeat", {}, position)


def _start(kernel: Kernel, watch: Watch) -> int:
    if watch.after_sequence is not None:
        return watch.after_sequence
    return 0 if watch.above_clock is not None else kernel.store.last_sequence()


def _turn(kernel: Kernel, watch: Watch, position: int, boundary: int) -> tuple[list[bytes], int]:
    """Read on from `position`; clocks choose only among what was there before the watch."""
    newest = kernel.store.last_sequence()  # read first: whatever it counts, the scan can see
    above = -1 if watch.above_clock is None else watch.above_clock
    events = []
    for record in kernel.store.scan(Selection(thread=watch.thread, after_sequence=position)):
        position = record["sequence"]
        if position <= boundary and record["clock"] <= above:
            continue
        events.append(event("record.created", {"id": record["id"], "record": record}, position))
        if len(events) == _TURN:
            return events, position
    return events, max(position, newest)


async def _happens(changed: asyncio.Event, closing: asyncio.Event | None, seconds: float) -> bool:
    """Wait for news; False when only the heartbeat is due."""
    waits = [asyncio.ensure_future(each.wait()) for each in (changed, closing) if each]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
