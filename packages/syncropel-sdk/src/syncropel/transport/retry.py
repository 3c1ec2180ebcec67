"""When to try again, and how long to wait: pure arithmetic over a policy."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

RETRYABLE: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that say «not now». Everything else is an answer."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Attempts, waits and the deadline over all of them, in seconds."""

    max_retries: int = 2
    backoff_s: float = 0.25
    max_backoff_s: float = 30.0
    deadline_s: float = 60.0
    timeout_s: float = 30.0

    def backoff(self, retried: int, rng: random.Random) -> float:
        """Full jitter: anywhere from nothing to the doubled wait, so that clients spread out."""
        return rng.uniform(0, min(self.max_backoff_s, self.backoff_s * 2 ** min(retried, 30)))


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header: seconds, or an HTTP date; None where it says nothing usable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
