"""What a key has left: requests and tokens a minute, and answers at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import RateLimitError
from .keys import Key

Clock = Callable[[], float]


@dataclass(slots=True)
class Bucket:
    """Fills up at `per_minute`, to at most a minute's worth. It may go below nothing."""

    per_minute: int
    level: float
    at: float

    @classmethod
    def full(cls, per_minute: int, now: float) -> Bucket:
        """A bucket that nobody has taken from."""
        return cls(per_minute, float(per_minute), now)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` can be taken; 0 where it can be now."""
        self._fill(now)
        missing = min(amount, self.per_minute) - self.level
        return max(0.0, missing * 60 / self.per_minute)

    def take(self, amount: float, now: float) -> None:
        """Take, even below nothing: what was generated was generated."""
        self._fill(now)
        self.level -= amount

    def _fill(self, now: float) -> None:
        grown = self.level + (now - self.at) * self.per_minute / 60
        self.level, self.at = min(float(self.per_minute), grown), now


@dataclass(slots=True)
class Quota:
    """One key's use of the server."""

    key: Key
    clock: Clock = time.monotonic
    running: int = 0
    _requests: Bucket | None = field(default=None, init=False)
    _tokens: Bucket | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        now = self.clock()
        if self.key.requests_per_minute is not None:
            self._requests = Bucket.full(self.key.requests_per_minute, now)
        if self.key.tokens_per_minute is not None:
            self._tokens = Bucket.full(self.key.tokens_per_minute, now)

    def begin(self) -> None:
        """Count a request in. Raises RateLimitError, which says when to come back."""
        now = self.clock()
        most = self.key.concurrent
        if most is not None and self.running >= most:
            raise RateLimitError(
                f"the key {self.key.name!r} has {most} answers running, its limit",
                code="concurrency_limit_exceeded",
                retry_after=1,
            )
        for bucket, what in ((self._requests, "requests"), (self._tokens, "tokens")):
            if bucket is not None and (wait := bucket.wait(1, now)) > 0:
                raise RateLimitError(
                    f"the key {self.key.name!r} has used its {bucket.per_minute} {what} a minute",
                    code="rate_limit_exceeded",
                    retry_after=wait,
                )
        if self._requests is not None:
            self._requests.take(1, now)
        self.running += 1

    def end(self, tokens: int) -> None:
        """Count a request out, with the tokens that it took."""
        self.running -= 1
        if self._tokens is not None:
            self._tokens.take(tokens, self.clock())
