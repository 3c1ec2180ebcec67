"""`swarmcode publish`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command
from .stepping import do_step


@command
def publish(
    call: Call,
    *,
    adapter: Annotated[
        Path | None,
        typer.Argument(help="The adapter.", show_default="artifacts/swarmcode_adapter"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", "-n", help="The agent's name.", show_default="swarmcode-agent"),
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Its version.", show_default="0.1.0")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            help="A folder, oci://, s3://, ipfs: or hub:.",
            show_default="data/registry",
        ),
    ] = None,
    keystore: Annotated[
        Path | None,
        typer.Option(
            "--keystore",
            help="The encrypted key to sign with.",
            show_default="SWARMCODE_PRIVATE_KEY",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="A tag to set on this version.")
    ] = None,
) -> None:
    """Sign an adapter's manifest, with its paper trail, and put the agent into a store."""
    flags = {
        "publish.adapter_path": adapter,
        "publish.name": name,
        "publish.version": version,
        "publish.store": store,
        "publish.keystore": keystore,
        "publish.tags": tag or None,
    }
    do_step(call, flags, lambda wiring, place: wiring.publish(place))
