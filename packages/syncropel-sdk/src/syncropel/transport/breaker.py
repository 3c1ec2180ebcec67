"""A circuit breaker: when nothing answers, stop asking for a while and fail at once."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after `failures` failed exchanges in a row; then lets one probe through at a time.

    Each failed probe doubles the pause, up to `max_cooldown_s`. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        failures: int = 20,
        cooldown_s: float = 1.0,
        max_cooldown_s: float = 30.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = failures
        self._base = cooldown_s
        self._max = max_cooldown_s
        self._now = now
        self._lock = threading.Lock()
        self._failed = 0
        self._cooldown = cooldown_s
        self._closed_again_at = 0.0

    @property
    def open(self) -> bool:
        """Whether exchanges are refused at the moment."""
        return self._failed >= self._threshold and self._now() < self._closed_again_at

    def wait(self) -> float:
        """Return 0 where an exchange may start, else the seconds until the next probe."""
        with self._lock:
            if self._failed < self._threshold:
                return 0.0
            left = self._closed_again_at - self._now()
            if left <= 0:  # this caller is the probe; the others wait for what it finds
                self._closed_again_at = self._now() + self._cooldown
                return 0.0
            return left

    def forked(self) -> None:
        """Take a fresh lock in a child process: a lost thread may have held the old one."""
        self._lock = threading.Lock()

    def succeeded(self) -> None:
        """Somebody answered."""
        with self._lock:
            self._failed = 0
            self._cooldown = self._base

    def failed(self) -> None:
        """Nobody answered."""
        with self._lock:
            self._failed += 1
            if self._failed == self._threshold:
                self._closed_again_at = self._now() + self._cooldown
            elif self._failed > self._threshold:
                self._cooldown = min(self._cooldown * 2, self._max)
                self._closed_again_at = self._now() + self._cooldown
