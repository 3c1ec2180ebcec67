"""`swarmcode pull`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def pull(
    call: Call,
    *,
    reference: Annotated[str, typer.Argument(help="NAME, NAME:VERSION, NAME:TAG or NAME@sha256:…")],
    store: Annotated[
        str | None,
        typer.Option("--store", help="Where it is published.", show_default="data/registry"),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", help="The folder to make.", show_default="artifacts/agents/NAME"),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect",
            help="Whose signature counts: an address, a public key, a trust file.",
            show_default="trust.json",
        ),
    ] = None,
) -> None:
    """Fetch an agent into a folder; the folder is verified, or it is not there."""
    from .. import wiring

    settings = call.settings({"publish.store": store, "verify.expect": expect})
    with call.progress() as tell:
        agent = wiring.pull(settings, reference, into=into, tell=tell)
    manifest = agent.manifest
    call.answer(
        {
            "folder": str(agent.folder),
            "name": manifest.name,
            "version": manifest.version,
            "signer": agent.signer,
            "digest": agent.digest,
        },
        f"{manifest.name} {manifest.version}, signed by {agent.signer}\n{agent.folder}",
    )
