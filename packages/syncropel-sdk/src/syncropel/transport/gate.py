"""Backpressure: how much may wait to be sent, by number and by bytes. For one event loop."""

import asyncio
from collections import deque


class Gate:
    """Counts what is inside; whoever does not fit waits in line.

    One item larger than the whole byte limit still passes when nothing else is inside:
    otherwise it would wait for ever.
    """

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.items = 0
        self.bytes = 0

    def try_enter(self, size: int) -> bool:
        """Enter where there is room and nobody waits ahead."""
        if self._waiting or not self.has_room(size):
            return False
        self._take(size)
        return True

    async def enter(self, size: int, *, seconds: float) -> bool:
        """Enter, waiting in line at most `seconds`; False where there was no room in time."""
        if self.try_enter(size):
            return True
        place = asyncio.get_running_loop().create_future()
        self._waiting.append((size, place))
        try:
            async with asyncio.timeout(seconds):
                await place
        except (TimeoutError, asyncio.CancelledError) as ended:
            if place.done() and not place.cancelled():
                self.leave(size)  # room was given in the very moment the wait ended
            if isinstance(ended, asyncio.CancelledError):
                raise
            return False
        finally:
            if not place.done() or place.cancelled():
                self._admit()
        return True

    def leave(self, size: int) -> None:
        """Make room."""
        self.items -= 1
        self.bytes -= size
        self._admit()

    def _admit(self) -> None:
        while self._waiting:
            size, place = self._waiting[0]
            if place.done():
                self._waiting.popleft()
                continue
            if not self.has_room(size):
                return
            self._waiting.popleft()
            self._take(size)
            place.set_result(None)

    def has_room(self, size: int) -> bool:
        """Whether something of this size would fit now."""
        if self.items == 0:
            return True
        return self.items < self._max_items and self.bytes + size <= self._max_bytes

    def _take(self, size: int) -> None:
        self.items += 1
        self.bytes += size
