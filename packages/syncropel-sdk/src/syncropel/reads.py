"""Reading: the wire form of every question, and what an answer to it holds.

Reads never raise and never invent: a failed read is an empty answer, and `Failure` says what
failed. Building and parsing are pure; `ask` asks once, because an empty list now is worth
more to a caller than a full one in a minute.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from .errors import ArgumentTypeError, InvalidArgumentError
from .transport.answers import Answer, Broken
from .transport.plan import RECORDS, Call


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong last: in which operation, how, and with which HTTP status."""

    operation: str
    error: str
    status: int | None = None


Exchange = Callable[[Call], Awaitable[Answer | Broken]]


@dataclass(frozen=True, slots=True)
class Read:
    """A question: its call, and the name that failures are reported under."""

    operation: str
    call: Call


async def ask(read: Read, exchange: Exchange) -> tuple[Any, Failure | None]:
    """Ask once; returns the JSON of a 2xx answer, or None and what failed."""
    answer = await exchange(read.call)
    if isinstance(answer, Broken):
        return None, Failure(read.operation, answer.error)
    if not 200 <= answer.status < 300:
        return None, Failure(read.operation, answer.error, answer.status)
    value = answer.json()
    if not isinstance(value, dict | list):
        return None, Failure(read.operation, f"{answer.error} (no JSON)", answer.status)
    return value, None


def thread_records(thread: object, *, limit: object, since: object, most: int) -> Read:
    """All records of a thread."""
    parameters = {"limit": _count(limit, "limit"), **_since(since)}
    return _get("query_thread", f"/v1/threads/{quoted(thread)}/records", parameters, most)


def filtered_records(
    *, thread: str | None, actor: str | None, since: object, limit: object, most: int
) -> Read:
    """Records by thread and actor; everything else is the client's own filter."""
    parameters: dict[str, Any] = {"limit": _count(limit, "limit")}
    for name, value in (("thread", thread), ("actor", actor)):
        if value is not None:
            parameters[name] = _text(value, name)
    return _get("query", RECORDS, {**parameters, **_since(since)}, most)


def one_record(record_id: object, *, most: int) -> Read:
    """One record by id."""
    return _get("get_record", f"{RECORDS}/{quoted(record_id)}", {}, most)


def thread_state(thread: object, *, most: int) -> Read:
    """A thread at a glance."""
    return _get("thread_state", f"/v1/threads/{quoted(thread)}/state", {}, most)


def changes(
    *, thread: str | None, since: str | int | None, limit: object, feed: str | None, most: int
) -> Read:
    """What was stored after a cursor."""
    parameters: dict[str, Any] = {"limit": _count(limit, "limit")}
    for name, value in (("thread", thread), ("since", since), ("feed", feed)):
        if value is not None:
            parameters[name] = str(value)
    return _get("changes", "/v1/sync/changes", parameters, most)


def plain(operation: str, path: str, *, most: int) -> Read:
    """A door without parameters."""
    return _get(operation, path, {}, most)


def posted(operation: str, path: str, body: Mapping[str, Any], *, most: int) -> Read:
    """A question that is posted; what is None is left out."""
    wanted = {name: value for name, value in body.items() if value is not None}
    try:
        content = json.dumps(
            wanted, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode(errors="surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"{operation}: {error}", field=operation) from None
    return Read(operation, Call("POST", path, content, most))


def records_in(value: Any) -> list[dict[str, Any]]:
    """Return the records of a list answer: `{"data": […]}` or a bare array."""
    found = value.get("data") if isinstance(value, dict) else value
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, dict)]


def is_list(value: Any) -> bool:
    """Whether an answer is a list of records at all."""
    found = value.get("data") if isinstance(value, dict) else value
    return isinstance(found, list) and all(isinstance(each, dict) for each in found)


def matches(record: Mapping[str, Any], kind: str | None, where: Mapping[str, Any] | None) -> bool:
    """The client's own filter: an exact kind, and dotted paths into the record."""
    body = record.get("body")
    if kind is not None and (not isinstance(body, Mapping) or body.get("kind") != kind):
        return False
    return all(_at(record, path) == wanted for path, wanted in (where or {}).items())


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _NOTHING
        value = value[part]
    return value


_NOTHING: Final = object()


def _get(operation: str, path: str, parameters: Mapping[str, Any], most: int) -> Read:
    query = f"?{urlencode(parameters, errors='surrogatepass')}" if parameters else ""
    return Read(operation, Call("GET", f"{path}{query}", max_answer=most))


def _since(since: object) -> dict[str, int]:
    return {} if since is None else {"since": _count(since, "since")}


def _count(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{field} must be an int; got {type(value).__name__}", field=field)
    if value < 0:
        raise InvalidArgumentError(f"{field} must not be negative", field=field)
    return value


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{field} must be a str; got {type(value).__name__}", field=field)
    return value


def quoted(value: object) -> str:
    """Write a thread or an id as one step of a path.

    Half of a surrogate pair goes along as it is: nothing can be stored under such a name, and
    that is what the server will say.
    """
    step = quote(_text(value, "thread or id"), safe="", errors="surrogatepass")
    # A lone `.` or `..` would be taken for a step back.
    return step.replace(".", "%2E") if step in {".", ".."} else step
