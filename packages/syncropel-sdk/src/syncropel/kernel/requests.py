"""A request, a reply, and how a door reads the one and writes the other.

Nothing here knows what carries HTTP.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from .check import Checked, Refusal, parse_json
from .machine import Ingested
from .watch import Watch

_MAX_INTEGER: Final = 2**63 - 1
_written: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path` and `query` are still percent-encoded, header names lowercase."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON, or a `watch` whose events the carrier streams."""

    status: int
    value: Any = None
    watch: Watch | None = None

    @property
    def content(self) -> bytes:
        """The answer's bytes."""
        return _written(self.value).encode(errors="replace")


@dataclass(frozen=True, slots=True)
class Intake:
    """Records that a door has judged; once committed, `finish` makes the reply.

    A carrier with many requests at hand may commit several intakes as one.
    """

    judged: Sequence[Checked | Refusal]
    finish: Callable[[Sequence[Ingested | Refusal]], Reply]


class BadParameterError(Exception):
    """A query parameter or a body that a door cannot read."""


def refused(refusal: Refusal) -> Reply:
    """Answer with an error object."""
    return Reply(refusal.status, refusal.to_dict())


def listed(values: Iterable[Mapping[str, Any]]) -> Reply:
    """Answer with a list."""
    return Reply(200, {"object": "list", "data": list(values)})


def parameters(request: Request) -> dict[str, str]:
    """Return the parameters of the request's address."""
    try:
        return dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise BadParameterError("too many query parameters") from None


def integer(query: Mapping[str, str], name: str) -> int | None:
    """Return a parameter that is a whole number, or None where it is not given."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadParameterError(f"{name} is a whole number, not {text[:40]!r}")
    return min(int(text), _MAX_INTEGER)


def limit(query: Mapping[str, str], *, most: int) -> int:
    """Return how many the caller wants, a hundred if it does not say."""
    wanted = integer(query, "limit")
    return min(100 if wanted is None else wanted, most)


def json_object(request: Request) -> dict[str, Any]:
    """Return the request's body, which has to be a JSON object."""
    body = parse_json(request.body)
    if isinstance(body, Refusal):
        raise BadParameterError(body.message)
    if not isinstance(body, dict):
        raise BadParameterError("the body is a JSON object")
    return body


def whole(body: Mapping[str, Any], name: str, default: int) -> int:
    """Return a whole number of a body."""
    value = body.get(name)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= _MAX_INTEGER:
        raise BadParameterError(f"{name} is a whole number")
    return value


def text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a text of a body, or None where it is not given."""
    value = body.get(name)
    if not isinstance(value, str | None):
        raise BadParameterError(f"{name} is a text")
    return value
