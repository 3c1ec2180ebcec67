"""`syncropel query` and `syncropel thread`: looking at what a server has."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from syncropel.nesting import read_json

from .options import LOCAL, ApiKey, AsJson, Endpoint, InThread
from .remote import Record, Remote, asking
from .render import fail, failing, records_table, table

Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


def query(
    *,
    thread: InThread = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only this DID.")] = None,
    search: Annotated[str | None, typer.Option(help="Only with these words.")] = None,
    filter_: Annotated[
        str | None, typer.Option("--filter", help="A filter of the rich query, as JSON.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(help="A field; with a minus in front, descending.")
    ] = None,
    limit: Limit = 50,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Find records by thread, kind, actor, words or any filter."""
    if search is not None and (filter_ or sort):
        fail("--search ranks by itself; it goes with neither --filter nor --sort")
    named = {"thread": thread, "kind": kind, "actor": actor}
    with failing(), asking(endpoint, api_key) as remote:
        if search is not None:
            found = _searched(remote, {"query": search, "k": limit, **named})
        else:
            found = _filtered(remote, named, filter_, sort, limit)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    records_table(found["records"])
    if found["capped"]:
        typer.echo(f"{limit} of {found['matched']}; --limit shows more", err=True)


def thread(
    name: Annotated[str | None, typer.Argument(help="A thread; all are listed without.")] = None,
    *,
    since: Annotated[int | None, typer.Option(min=0, help="Only after this clock.")] = None,
    limit: Limit = 100,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List threads, or show one: its records in the order they arrived, and its state."""
    with failing(), asking(endpoint, api_key) as remote:
        if name is None:
            _show_threads(remote.get("/v1/threads", limit=limit)["data"], as_json=as_json)
            return
        path = f"/v1/threads/{quote(name, safe='')}"
        state = remote.get(f"{path}/state")
        records = remote.get(f"{path}/records", limit=limit, since=since)["data"]
    if as_json:
        typer.echo(json.dumps({"state": state, "records": records}, ensure_ascii=False))
        return
    records_table(records)
    actors = len(state["actor_clocks"])
    typer.echo(f"{state['records']} records by {actors} actors", err=True)


def _searched(remote: Remote, asked: dict[str, Any]) -> dict[str, Any]:
    answer = remote.post("/v1/records/search", asked)
    hits = answer["data"]
    records = [hit["record"] for hit in hits]
    return {"records": records, "matched": len(hits), "capped": answer.get("capped", False)}


def _filtered(
    remote: Remote, named: dict[str, str | None], filter_: str | None, sort: str | None, limit: int
) -> dict[str, Any]:
    conditions = [{name: value} for name, value in named.items() if value is not None]
    if filter_ is not None:
        conditions.append(_parsed(filter_))
    asked: dict[str, Any] = {"filter": {"$and": conditions} if conditions else {}, "limit": limit}
    if sort:
        asked["sort"] = {sort.lstrip("-"): -1 if sort.startswith("-") else 1}
    answer = remote.post("/v1/records/query", asked)
    return {
        "records": answer["data"], "matched": answer["matched_total"], "capped": answer["capped"],
    }  # fmt: skip


def _parsed(text: str) -> Any:
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        fail(f"--filter is no JSON: {error}")


def _show_threads(threads: list[Record], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(threads, ensure_ascii=False))
        return
    rows = [
        (each["thread"], str(each["records"]), str(len(each["actor_clocks"]))) for each in threads
    ]
    table(("thread", "records", "actors"), rows)
