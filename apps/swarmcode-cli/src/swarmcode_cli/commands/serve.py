"""`swarmcode serve`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def serve(
    call: Call,
    *,
    adapter: Annotated[
        Path | None,
        typer.Option(
            "--adapter", "-a", help="The adapter to serve.", show_default="the newest one here"
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to listen on.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Its port.", show_default="8000")
    ] = None,
) -> None:
    """Serve an agent to any OpenAI client, until told to stop."""
    from .. import wiring

    flags = {"serve.adapter_path": adapter, "serve.host": host, "serve.port": port}
    wiring.serve(call.settings(flags))
