"""`syncropel emit`: one record, from the command line or from a pipe."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from syncropel import Client, EmitResult, Identity
from syncropel.nesting import read_json

from .options import LOCAL, ApiKey, AsJson, Endpoint
from .render import fail, failing, visible

_NOBODY = "did:syncropel:cli"


def emit(
    kind: Annotated[str, typer.Argument(help="What it is about: scope.category.entity.")],
    body: Annotated[str, typer.Argument(help="A JSON object; - reads it from a pipe.")] = "{}",
    *,
    thread: Annotated[str, typer.Option("--thread", help="Where it belongs.")],
    act: Annotated[str, typer.Option(help="What it does.")] = "PUT",
    did: Annotated[
        str | None, typer.Option(envvar="SYNCROPEL_DID", help="Who emits.", show_default=_NOBODY)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(envvar="SYNCROPEL_KEY", help="A private key; signs.")
    ] = None,
    ref: Annotated[
        list[str] | None, typer.Option("--ref", help="@scope.name=scheme:value; may be repeated.")
    ] = None,
    parent: Annotated[
        list[str] | None, typer.Option("--parent", help="An id; may be repeated.")
    ] = None,
    data_type: Annotated[str, typer.Option(help="What shape of data it is.")] = "SCALAR",
    clock: Annotated[
        int | None, typer.Option(min=0, help="Where it stands.", show_default="now")
    ] = None,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Emit one record. Exits 1 when the server did not take it."""
    with failing():
        who = Identity.static(did or _NOBODY) if key is None else Identity.key(key, did=did)
        with Client(endpoint=endpoint, identity=who, api_key=api_key) as client:
            result = client.emit_sync(
                act=act, kind=kind, body=_body(body), thread=thread, refs=_refs(ref or []),
                parents=parent, data_type=data_type, clock=clock,
            )  # fmt: skip
    _show(result, as_json=as_json)
    if not result.success:
        raise typer.Exit(1)


def _show(result: EmitResult, *, as_json: bool) -> None:
    if as_json:
        value = {
            "success": result.success, "status": result.status, "id": result.record_id,
            "clock": result.clock, "error": result.error,
        }  # fmt: skip
        typer.echo(json.dumps(value))
    elif result.success:
        typer.echo(f"{result.record_id}  clock {result.clock}")
    else:
        typer.echo(f"error: {visible(result.error or result.status)}", err=True)


def _body(text: str) -> dict[str, Any]:
    if text == "-":
        text = sys.stdin.read()
    try:
        body = read_json(text)
    except (ValueError, RecursionError) as error:
        fail(f"the body is no JSON: {error}")
    if not isinstance(body, dict):
        fail('the body is a JSON object such as {"title": "Glow"}')
    return body


def _refs(texts: list[str]) -> list[dict[str, str]]:
    refs = []
    for text in texts:
        kind, equals, name = text.partition("=")
        if not (kind and equals and name):
            fail(f"--ref is @scope.name=scheme:value, not {visible(text)!r}")
        refs.append({"kind": kind, "id": name})
    return refs
