"""Automatic clocks: one number per record, never twice for the same thread.

A clock is the wall clock in milliseconds, pushed forward where several records share one
millisecond. When another process is found to write to the same thread with the same actor,
steps become random, so that two writers stop stepping on the same numbers.
"""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from .vocabulary import MAX_CLOCK

_REMEMBERED_THREADS: Final = 65_536
_WIDEST_STEP: Final = 1 << 20


class AutoClock:
    """Hands out clocks per thread; safe to use from several operating-system threads.

    Memory is bounded: beyond the last 65,536 threads it only remembers the highest clock of
    those it forgot, and starts every unknown thread above that.
    """

    def __init__(
        self,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        rng: random.Random | None = None,
    ) -> None:
        self._now_ms = now_ms
        self._rng = rng or random.Random()  # noqa: S311 (spreads writers apart, guards nothing)
        self._last: OrderedDict[str, int] = OrderedDict()
        self._step: dict[str, int] = {}
        self._floor = -1
        self._lock = threading.Lock()

    def next(self, thread: str) -> int:
        """Return the next clock of `thread`: at least now, and always above the last one."""
        with self._lock:
            step = self._step.get(thread)
            stride = self._rng.randint(1, step) if step else 1
            clock = max(self._now_ms(), self._last.get(thread, self._floor) + stride)
            self._remember(thread, min(clock, MAX_CLOCK))
            return clock

    def observe(self, thread: str, clock: int) -> None:
        """Start above `clock` from now on: the caller chose it, or a server has it."""
        with self._lock:
            if clock > self._last.get(thread, self._floor):
                self._remember(thread, min(clock, MAX_CLOCK))

    def collided(self, thread: str, *, highest: int | None) -> None:
        """Another writer holds our numbers: restart above `highest`, in wider random steps."""
        if highest is not None:
            self.observe(thread, highest)
        with self._lock:
            self._step[thread] = min(self._step.get(thread, 8) * 2, _WIDEST_STEP)

    def forked(self) -> None:
        """Take a fresh lock in a child process: a lost thread may have held the old one."""
        self._lock = threading.Lock()

    def _remember(self, thread: str, clock: int) -> None:
        self._last[thread] = clock
        self._last.move_to_end(thread)
        if len(self._last) > _REMEMBERED_THREADS:
            forgotten, last = self._last.popitem(last=False)
            self._step.pop(forgotten, None)
            self._floor = max(self._floor, last)
