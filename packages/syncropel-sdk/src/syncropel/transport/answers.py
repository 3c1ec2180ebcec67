"""What an HTTP answer means for the record that was sent. Pure.

Only an answer that carries the record's own id is a success. Everything else is sorted by one
question: could trying again, now or later, end differently?
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..nesting import read_json
from .retry import RETRYABLE, parse_retry_after

_HELD: Final = frozenset({401, 402, 403, 404, 405, 407, 410, 501, 505, 507, 511})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> str:
        """The published error text: the status and the first 200 characters."""
        return f"HTTP {self.status}: {self.body[:800].decode(errors='replace')[:200]}"

    def json(self) -> Any:
        """Return the JSON of the answer, or None where it is none."""
        try:
            return read_json(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer: what broke, and whether another attempt makes sense."""

    error: str
    again: bool = True
    doubtful: bool = True
    """The server may have received the request."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The server has the record; `known` where it says that it had it before it was asked."""

    sequence: int | None
    known: bool = False


@dataclass(frozen=True, slots=True)
class ClockTaken:
    """Another record holds this clock of this actor in this thread."""

    error: str
    status: int


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not now; after `wait` seconds where the server said so."""

    error: str
    status: int | None = None
    wait: float | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Not this record; `held` where it may be taken once something else has changed."""

    error: str
    status: int | None
    held: bool = False


Judgement = Stored | ClockTaken | TryAgain | Refused


def judge(answer: Answer | Broken, record_id: str) -> Judgement:
    """Say what an answer to POST /v1/records means."""
    if isinstance(answer, Broken):
        return _broken(answer)
    if 200 <= answer.status < 300:
        value = answer.json()
        if isinstance(value, dict) and record_id in (value.get("id"), value.get("record_id")):
            return Stored(_sequence(value), known=value.get("status") == "known")
        error = f"{answer.error} (an answer without the id {record_id})"
        return Refused(error, answer.status, held=True)
    return judge_failure(answer)


def judge_failure(answer: Answer) -> Judgement:
    """Say what an answer outside 2xx means."""
    value = answer.json()
    if is_clock_taken(value):
        return ClockTaken(answer.error, answer.status)
    status = answer.status
    if status in RETRYABLE:
        wait = parse_retry_after(answer.headers.get("retry-after"))
        return TryAgain(answer.error, status, wait, doubtful=status >= 500)
    kernel_spoke = isinstance(value, dict) and ("code" in value or "error" in value)
    held = status in _HELD or not kernel_spoke or not 400 <= status < 500
    return Refused(answer.error, status, held and status != 413)


def judge_item(item: Mapping[str, Any], record_id: str) -> Judgement:
    """Say what one result of a batch means."""
    if item.get("id") == record_id and item.get("status") in {"created", "known"}:
        return Stored(_sequence(item), known=item["status"] == "known")
    text = json.dumps(dict(item), ensure_ascii=False)
    status = item.get("http_status")
    code = status if type(status) is int and 400 <= status < 600 else 400
    return judge_failure(Answer(code, text.encode(errors="replace")))


def is_clock_taken(value: object) -> bool:
    """Whether an error object says that the clock belongs to another record."""
    if not isinstance(value, dict):
        return False
    if value.get("code") == "DUPLICATE_CLOCK":
        return True
    return isinstance(value.get("message"), str) and "DuplicateClock" in value["message"]


def batch_items(answer: Answer | Broken, expected: int) -> list[dict[str, Any]] | None:
    """Return a batch's results in the order of its records; None where it is no such answer."""
    if isinstance(answer, Broken) or not 200 <= answer.status < 300:
        return None
    value = answer.json()
    results = value.get("results") if isinstance(value, dict) else None
    if not isinstance(results, list) or len(results) != expected:
        return None
    return results if all(isinstance(item, dict) for item in results) else None


def _broken(broken: Broken) -> Judgement:
    if broken.again:
        return TryAgain(broken.error, doubtful=broken.doubtful)
    return Refused(broken.error, None, held=True)


def _sequence(value: Mapping[str, Any]) -> int | None:
    sequence = value.get("sequence")
    return sequence if type(sequence) is int else None
