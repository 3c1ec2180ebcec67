"""`syncropel spool`: what waits on this machine's disk, and what to do about it."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from syncropel import Client, Identity, Limits, Spool, SpoolError
from syncropel.spool import SpooledRecord, SpoolStats

from .render import age, fail, size, table

spool_app = typer.Typer(no_args_is_help=True, help="Look at a spool, flush it, prune it.")

SpoolPath = Annotated[
    Path, typer.Argument(metavar="FILE", envvar="SYNCROPEL_SPOOL", help="The spool's file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@spool_app.command("status")
def status(path: SpoolPath, *, as_json: AsJson = False) -> None:
    """Count what waits, what is parked and what was given up."""
    stats = _opened(path).stats()
    if as_json:
        typer.echo(json.dumps(_stats(stats)))
        return
    oldest = "" if stats.oldest is None else f", the oldest for {age(time.time() - stats.oldest)}"
    typer.echo(f"{stats.pending} waiting{oldest}; {stats.parked} parked; {size(stats.bytes)}")
    for reason, records in stats.dropped.items():
        typer.echo(f"{records} given up: {reason}")
    if stats.renamed:
        typer.echo(f"{stats.renamed} renamed: another writer held their clock")


@spool_app.command("list")
def list_records(
    path: SpoolPath,
    *,
    state: Annotated[str, typer.Option(help="pending, parked or all.")] = "all",
    thread: Annotated[str | None, typer.Option(help="Only this thread.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List records in the order they were accepted."""
    if state not in {"pending", "parked", "all"}:
        fail(f"--state is pending, parked or all, not {state!r}")
    wanted: Any = None if state == "all" else state
    records = _opened(path).list(state=wanted, thread=thread, limit=limit)
    if as_json:
        typer.echo(json.dumps([_record(each) for each in records]))
        return
    if not records:
        typer.echo("nothing here")
        return
    table(
        ("id", "state", "age", "thread", "kind", "reason"),
        [
            (each.id[:12], each.state, age(time.time() - each.queued_at), each.thread, each.kind,
             each.reason[:150])
            for each in records
        ],
    )  # fmt: skip


@spool_app.command("show")
def show(
    path: SpoolPath,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="The id, or its beginning.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one record, also by an id it had before."""
    found = _find(_opened(path), record_id)
    if as_json:
        typer.echo(json.dumps({**_record(found), "record": json.loads(found.wire)}))
        return
    typer.echo(f"id       {found.id}\nstate    {found.state} {found.reason}")
    typer.echo(f"accepted {age(time.time() - found.queued_at)} ago, tried {found.attempts} times")
    typer.echo(json.dumps(json.loads(found.wire), indent=2, ensure_ascii=False))


@spool_app.command("flush")
def flush(
    path: SpoolPath,
    *,
    endpoint: Annotated[
        str, typer.Option(envvar="SYNCROPEL_ENDPOINT", help="The server.")
    ] = "http://localhost:9100",
    api_key: Annotated[
        str | None, typer.Option(envvar="SYNCROPEL_API_KEY", help="The key, if it wants one.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long to try.")] = 30.0,
    parked: Annotated[bool, typer.Option("--parked", help="Try parked records again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send what waits. Exits 1 when something still waits at the end."""
    spool = _opened(path)
    before = spool.stats()
    released = spool.retry(parked=parked)
    left = asyncio.run(_flush(spool, endpoint, api_key, seconds))
    after = spool.stats()
    sent = before.pending + released - left - max(0, after.parked - before.parked + released)
    if as_json:
        typer.echo(json.dumps({"sent": sent, "left": left, "parked": after.parked}))
    else:
        typer.echo(f"{sent} sent, {left} left, {after.parked} parked")
    if left:
        reason = next((each.reason for each in spool.list(state="pending") if each.reason), "")
        typer.echo(f"error: {left} could not be sent{f': {reason}' if reason else ''}", err=True)
        raise typer.Exit(1)


@spool_app.command("drop")
def drop(
    path: SpoolPath,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    *,
    parked: Annotated[bool, typer.Option("--parked", help="All parked records.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All records.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give records up for good. They are counted as «asked», and not sent."""
    if sum((bool(ids), parked, everything)) != 1:
        fail("say what to drop: some ids, --parked, or --all")
    spool = _opened(path)
    named = [_find(spool, each).id for each in ids] if ids else None
    what = f"{len(named)} record(s)" if named else "all parked" if parked else "all records"
    if not yes and not typer.confirm(f"Give up {what} in {path}?"):
        raise typer.Exit(1)
    dropped = spool.drop(named, state="parked" if parked else None)
    typer.echo(json.dumps({"dropped": dropped}) if as_json else f"{dropped} given up")


async def _flush(spool: Spool, endpoint: str, api_key: str | None, seconds: float) -> int:
    """Send with the records' own identities: nothing here is signed or emitted anew."""
    async with Client(
        endpoint=endpoint,
        identity=Identity.static("did:syncropel:spool"),
        api_key=api_key,
        spool=spool,
        timeout=max(1.0, min(30.0, seconds)),
        limits=Limits(deadline_s=max(0.5, seconds / 2)),  # so that a last reason is known
    ) as client:
        return await client.flush(seconds=seconds)


def _opened(path: Path) -> Spool:
    """Return the spool, or end with one line: looking must not create one."""
    if not path.is_file():
        fail(f"{path}: there is no spool here")
    spool = Spool(path)
    try:
        spool.stats()
    except SpoolError as error:
        fail(str(error))
    return spool


def _find(spool: Spool, record_id: str) -> SpooledRecord:
    exact = spool.get(record_id)
    if exact is not None:
        return exact
    matching = [each for each in spool.list(limit=1_000_000) if each.id.startswith(record_id)]
    if len(matching) != 1:
        fail(f"{record_id!r} matches {len(matching)} records; give more of the id")
    return matching[0]


def _stats(stats: SpoolStats) -> dict[str, Any]:
    return {
        "pending": stats.pending, "parked": stats.parked, "bytes": stats.bytes,
        "oldest": stats.oldest, "dropped": stats.dropped, "renamed": stats.renamed,
    }  # fmt: skip


def _record(record: SpooledRecord) -> dict[str, Any]:
    return {
        "id": record.id, "actor": record.actor, "thread": record.thread, "kind": record.kind,
        "queued_at": record.queued_at, "state": record.state, "attempts": record.attempts,
        "reason": record.reason,
    }  # fmt: skip
