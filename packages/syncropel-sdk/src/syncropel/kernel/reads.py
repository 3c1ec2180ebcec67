"""The doors that read: records, threads, queries, search, changes, and what there is to know."""

from itertools import islice
from typing import Any, Final

from .check import Refusal
from .machine import Kernel
from .narrow import narrow
from .page import Page
from .query import MAX_LIMIT, compile_filter, compile_sort
from .requests import (
    BadParameterError,
    Reply,
    Request,
    integer,
    json_object,
    limit,
    listed,
    parameters,
    refused,
    text,
    whole,
)
from .search import MAX_CANDIDATES, rank, words_of
from .store import Selection, StoredRecord, ThreadState
from .watch import Watch

PROTOCOL: Final = "syncropel/1"


def records(kernel: Kernel, request: Request, _: str) -> Reply:
    """GET /v1/records."""
    query = parameters(request)
    after, before = integer(query, "received_after"), integer(query, "received_before")
    selection = Selection(
        thread=query.get("thread"),
        actor=query.get("actor"),
        kind=query.get("kind"),
        ref=query.get("ref"),
        above_clock=integer(query, "since"),
        after_sequence=0 if after is None else kernel.store.sequence_at(after / 1_000),
        upto_sequence=None if before is None else kernel.store.sequence_at(before / 1_000),
    )
    return listed(islice(kernel.store.scan(selection), limit(query, most=kernel.limits.page)))


def thread_records(kernel: Kernel, request: Request, thread: str) -> Reply:
    """GET /v1/threads/{thread}/records."""
    query = parameters(request)
    selection = Selection(thread=thread, above_clock=integer(query, "since"))
    return listed(islice(kernel.store.scan(selection), limit(query, most=kernel.limits.page)))


def record(kernel: Kernel, _: Request, record_id: str) -> Reply:
    """GET /v1/records/{id}."""
    found = kernel.store.get(record_id)
    if found is None:
        return refused(Refusal(404, "RECORD_NOT_FOUND", f"there is no record {record_id[:80]}"))
    return Reply(200, found)


def threads(kernel: Kernel, request: Request, _: str) -> Reply:
    """GET /v1/threads."""
    query = parameters(request)
    later = islice(kernel.store.threads(), integer(query, "offset") or 0, None)
    page = islice(later, limit(query, most=kernel.limits.page))
    return listed(_state(state) for state in page)


def thread_state(kernel: Kernel, _: Request, thread: str) -> Reply:
    """GET /v1/threads/{thread}/state."""
    return Reply(200, _state(kernel.store.thread_state(thread) or ThreadState(thread)))


def rich_query(kernel: Kernel, request: Request, _: str) -> Reply:
    """POST /v1/records/query: every match is counted, one page of them is answered."""
    body = json_object(request)
    filter_ = body.get("filter", {})
    matches = compile_filter(filter_)
    page = Page(
        compile_sort(body.get("sort")),
        offset=whole(body, "offset", 0),
        limit=min(whole(body, "limit", 100), MAX_LIMIT),
    )
    selection = narrow(filter_, Selection(thread=text(body, "thread")))
    scanned = 0
    for scanned, found in enumerate(kernel.store.scan(selection), 1):  # noqa: B007 (the last counts)
        if matches(found):
            page.add(found)
    value: dict[str, Any] = {
        "object": "list",
        "data": page.records(),
        "matched_total": page.matched,
        "capped": page.capped,
    }
    if body.get("explain") is True:
        value["explain"] = {
            "scanned": scanned, "matched": page.matched, "store": kernel.store.name,
        }  # fmt: skip
    return Reply(200, value)


def search(kernel: Kernel, request: Request, _: str) -> Reply:
    """POST /v1/records/search."""
    body = json_object(request)
    asked = text(body, "query")
    if asked is None:
        raise BadParameterError("query is a text")
    selection = Selection(
        thread=text(body, "thread"),
        actor=text(body, "actor"),
        kind=text(body, "kind"),
        above_clock=None if body.get("after_clock") is None else whole(body, "after_clock", 0),
    )
    k = min(whole(body, "k", 10), MAX_LIMIT)
    words = sorted(set(words_of(asked)))
    candidates = list[StoredRecord]()
    if words:
        candidates = kernel.store.containing(words, selection, limit=MAX_CANDIDATES + 1)
    value = {
        "object": "list",
        "embedder": None,
        "k": k,
        "data": rank(candidates[:MAX_CANDIDATES], words, k=k),
        "capped": len(candidates) > MAX_CANDIDATES,
    }
    return Reply(200, value)


def changes(kernel: Kernel, request: Request, _: str) -> Reply:
    """GET /v1/sync/changes."""
    query = parameters(request)
    if query.get("feed", "records") != "records":
        raise BadParameterError("the only feed is 'records'")
    most = limit(query, most=kernel.limits.page)
    since = integer(query, "since") or 0
    selection = Selection(thread=query.get("thread"), after_sequence=since)
    found = list(islice(kernel.store.scan(selection), most + 1))
    page = found[:most]
    return Reply(
        200,
        {
            "records": [{"id": each["id"], "record": each} for each in page],
            "next_cursor": str(page[-1]["sequence"] if page else since),
            "has_more": len(found) > most,
        },
    )


def watch(_: Kernel, request: Request, thread: str) -> Reply:
    """GET /v1/threads/{thread}/watch."""
    query = parameters(request)
    resumed = request.headers.get("last-event-id", "")
    after = None
    if resumed:
        after = integer({"last-event-id": resumed}, "last-event-id")
    return Reply(200, watch=Watch(thread, after, integer(query, "since_clock")))


def capabilities(kernel: Kernel, _: Request, __: str) -> Reply:
    """GET /v1/capabilities."""
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


def health(kernel: Kernel, _: Request, __: str) -> Reply:
    """GET /health."""
    store = kernel.store
    return Reply(200, {"status": "ok", "store": store.name, "records": store.count()})


def _state(state: ThreadState) -> dict[str, Any]:
    return {
        "object": "thread",
        "thread": state.thread,
        "records": state.records,
        "last_sequence": state.last_sequence,
        "actor_clocks": dict(sorted(state.actor_clocks.items())),
    }
