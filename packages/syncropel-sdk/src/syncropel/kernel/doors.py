"""Every documented door, as a function from a request to a reply.

Whatever carries HTTP (the mock's transport, an ASGI program, a test server) hands requests in
and writes replies out; the answers themselves are decided here, once.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from ..errors import FilterError
from .check import Refusal, parse_json
from .machine import Ingested, Kernel
from .query import MAX_LIMIT, compile_filter, compile_sort, sort_key
from .search import search
from .store import Selection, StoredRecord, ThreadState
from .watch import Watch

PROTOCOL: Final = "syncropel/1"
_MAX_INTEGER: Final = 2**63 - 1


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
        return json.dumps(self.value, ensure_ascii=False, separators=(",", ":")).encode(
            errors="replace"
        )


class BadParameterError(Exception):
    """A query parameter or a body that a door cannot read."""


Door = Callable[[Kernel, Request, str], Reply]


def answer(kernel: Kernel, request: Request) -> Reply:
    """Answer a request; every fault of the caller's is a documented error object."""
    door, argument, allowed = _find(request)
    if door is None:
        if allowed:
            return _refused(
                Refusal(405, "METHOD_NOT_ALLOWED", f"this door takes {', '.join(sorted(allowed))}")
            )
        return _refused(Refusal(404, "NOT_FOUND", f"there is no door {request.path[:200]}"))
    if len(request.body) > kernel.limits.batch_bytes:
        return _refused(
            Refusal(413, "BODY_TOO_LARGE", f"at most {kernel.limits.batch_bytes} bytes")
        )
    try:
        return door(kernel, request, argument)
    except (BadParameterError, FilterError) as error:
        return _refused(Refusal(400, "INVALID_QUERY", str(error)))


def _find(request: Request) -> tuple[Door | None, str, set[str]]:
    """Return the door, the argument in its path, and which methods the path takes."""
    parts = request.path.strip("/").split("/")
    if len(parts) == 4 and parts[:2] == ["v1", "threads"]:
        shape, argument = f"/v1/threads/*/{parts[3]}", unquote(parts[2])
    elif len(parts) == 3 and parts[:2] == ["v1", "records"] and request.method == "GET":
        shape, argument = "/v1/records/*", unquote(parts[2])
    else:
        shape, argument = "/" + "/".join(parts), ""
    methods = _DOORS.get(shape, {})
    return methods.get(request.method), argument, set(methods)


# ── writing ─────────────────────────────────────────────────────────────────────────────


def _emit(kernel: Kernel, request: Request, _: str) -> Reply:
    record = parse_json(request.body)
    if isinstance(record, Refusal):
        return _refused(record)
    outcome = kernel.ingest(record)
    if isinstance(outcome, Refusal):
        return _refused(outcome)
    if outcome.created:
        return Reply(201, outcome.record)
    return Reply(200, {**outcome.record, "status": "known"})


def _batch(kernel: Kernel, request: Request, _: str) -> Reply:
    body = parse_json(request.body)
    if isinstance(body, Refusal):
        return _refused(body)
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not records:
        raise BadParameterError('a batch is {"records": [record, …]}')
    if len(records) > kernel.limits.batch_records:
        return _refused(
            Refusal(413, "BATCH_TOO_LARGE", f"at most {kernel.limits.batch_records} records")
        )
    outcomes = kernel.ingest_many(records)
    results = [_result(index, outcome) for index, outcome in enumerate(outcomes)]
    return Reply(200, {"object": "batch", "results": results})


def _result(index: int, outcome: Ingested | Refusal) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"index": index, "http_status": outcome.status, **outcome.to_dict()}
    record = outcome.record
    return {
        "index": index,
        "id": record["id"],
        "sequence": record["sequence"],
        "status": "created" if outcome.created else "known",
    }


# ── reading ─────────────────────────────────────────────────────────────────────────────


def _records(kernel: Kernel, request: Request, _: str) -> Reply:
    query = _query(request)
    selection = Selection(
        thread=query.get("thread"),
        actor=query.get("actor"),
        kind=query.get("kind"),
        ref=query.get("ref"),
        above_clock=_integer(query, "since"),
    )
    return _list(islice(kernel.store.scan(selection), _limit(kernel, query)))


def _thread_records(kernel: Kernel, request: Request, thread: str) -> Reply:
    query = _query(request)
    selection = Selection(thread=thread, above_clock=_integer(query, "since"))
    return _list(islice(kernel.store.scan(selection), _limit(kernel, query)))


def _record(kernel: Kernel, _: Request, record_id: str) -> Reply:
    record = kernel.store.get(record_id)
    if record is None:
        return _refused(Refusal(404, "RECORD_NOT_FOUND", f"there is no record {record_id[:80]}"))
    return Reply(200, record)


def _threads(kernel: Kernel, request: Request, _: str) -> Reply:
    limit = _limit(kernel, _query(request))
    return _list(_state(state) for state in islice(kernel.store.threads(), limit))


def _thread_state(kernel: Kernel, _: Request, thread: str) -> Reply:
    return Reply(200, _state(kernel.store.thread_state(thread) or ThreadState(thread)))


def _rich_query(kernel: Kernel, request: Request, _: str) -> Reply:
    body = _object(request)
    matches = compile_filter(body.get("filter", {}))
    sort = compile_sort(body.get("sort"))
    limit = min(_whole(body, "limit", 100), MAX_LIMIT)
    offset = _whole(body, "offset", 0)
    thread = body.get("thread")
    if not isinstance(thread, str | None):
        raise BadParameterError("thread is a text")
    scanned = 0
    found = []
    for record in kernel.store.scan(Selection(thread=thread)):
        scanned += 1
        if matches(record):
            found.append(record)
    for name, descending in reversed(sort):
        found.sort(key=partial(sort_key, field=name), reverse=descending)
    page = found[offset : offset + limit]
    value: dict[str, Any] = {
        "object": "list",
        "data": page,
        "matched_total": len(found),
        "capped": offset + len(page) < len(found),
    }
    if body.get("explain") is True:
        value["explain"] = {"scanned": scanned, "matched": len(found), "store": kernel.store.name}
    return Reply(200, value)


def _search(kernel: Kernel, request: Request, _: str) -> Reply:
    body = _object(request)
    words = body.get("query")
    if not isinstance(words, str):
        raise BadParameterError("query is a text")
    for name in ("thread", "actor", "kind"):
        if not isinstance(body.get(name), str | None):
            raise BadParameterError(f"{name} is a text")
    selection = Selection(
        thread=body.get("thread"),
        actor=body.get("actor"),
        kind=body.get("kind"),
        above_clock=None if body.get("after_clock") is None else _whole(body, "after_clock", 0),
    )
    k = min(_whole(body, "k", 10), MAX_LIMIT)
    hits = search(kernel.store.scan(selection), words, k=k)
    return Reply(200, {"object": "list", "embedder": None, "k": k, "data": hits})


def _changes(kernel: Kernel, request: Request, _: str) -> Reply:
    query = _query(request)
    if query.get("feed", "records") != "records":
        raise BadParameterError("the only feed is 'records'")
    limit = _limit(kernel, query)
    since = _integer(query, "since") or 0
    selection = Selection(thread=query.get("thread"), after_sequence=since)
    found = list(islice(kernel.store.scan(selection), limit + 1))
    page = found[:limit]
    return Reply(
        200,
        {
            "records": [{"id": record["id"], "record": record} for record in page],
            "next_cursor": str(page[-1]["sequence"] if page else since),
            "has_more": len(found) > limit,
        },
    )


def _watch(_: Kernel, request: Request, thread: str) -> Reply:
    query = _query(request)
    resumed = request.headers.get("last-event-id", "")
    after = None
    if resumed:
        after = _integer({"last-event-id": resumed}, "last-event-id")
    return Reply(200, watch=Watch(thread, after, _integer(query, "since_clock")))


def _capabilities(kernel: Kernel, _: Request, __: str) -> Reply:
    limits = kernel.limits
    return Reply(
        200,
        {
            "object": "capabilities",
            "protocol": PROTOCOL,
            "batch": {
                "path": "/v1/records/batch",
                "max_records": limits.batch_records,
                "max_bytes": limits.batch_bytes,
            },
            "record": {"max_bytes": limits.record_bytes},
            "query": {"max_limit": MAX_LIMIT},
            "search": {"kind": "words"},
            "watch": ["sse"],
            "changes": True,
        },
    )


def _health(kernel: Kernel, _: Request, __: str) -> Reply:
    store = kernel.store
    return Reply(200, {"status": "ok", "store": store.name, "records": store.count()})


_DOORS: Final[dict[str, dict[str, Door]]] = {
    "/health": {"GET": _health},
    "/v1/capabilities": {"GET": _capabilities},
    "/v1/records": {"POST": _emit, "GET": _records},
    "/v1/records/batch": {"POST": _batch},
    "/v1/records/query": {"POST": _rich_query},
    "/v1/records/search": {"POST": _search},
    "/v1/records/*": {"GET": _record},
    "/v1/threads": {"GET": _threads},
    "/v1/threads/*/records": {"GET": _thread_records},
    "/v1/threads/*/state": {"GET": _thread_state},
    "/v1/threads/*/watch": {"GET": _watch},
    "/v1/sync/changes": {"GET": _changes},
}


# ── reading requests ────────────────────────────────────────────────────────────────────


def _query(request: Request) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise BadParameterError("too many query parameters") from None


def _integer(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadParameterError(f"{name} is a whole number, not {text[:40]!r}")
    return min(int(text), _MAX_INTEGER)


def _limit(kernel: Kernel, query: Mapping[str, str]) -> int:
    limit = _integer(query, "limit")
    return min(100 if limit is None else limit, kernel.limits.page)


def _object(request: Request) -> dict[str, Any]:
    body = parse_json(request.body)
    if isinstance(body, Refusal):
        raise BadParameterError(body.message)
    if not isinstance(body, dict):
        raise BadParameterError("the body is a JSON object")
    return body


def _whole(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= _MAX_INTEGER:
        raise BadParameterError(f"{name} is a whole number")
    return value


def _list(records: Iterable[StoredRecord | dict[str, Any]]) -> Reply:
    return Reply(200, {"object": "list", "data": list(records)})


def _state(state: ThreadState) -> dict[str, Any]:
    return {
        "object": "thread",
        "thread": state.thread,
        "records": state.records,
        "last_sequence": state.last_sequence,
        "actor_clocks": state.actor_clocks,
    }


def _refused(refusal: Refusal) -> Reply:
    return Reply(refusal.status, refusal.to_dict())
