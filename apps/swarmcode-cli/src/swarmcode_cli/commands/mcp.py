"""`swarmcode mcp`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def mcp(
    call: Call,
    *,
    workspace: Annotated[
        Path | None,
        typer.Argument(help="The folder that the tools work in.", show_default="./workspace"),
    ] = None,
    http: Annotated[
        int | None,
        typer.Option("--http", metavar="PORT", help="Serve over HTTP on this machine, at /mcp."),
    ] = None,
) -> None:
    """Offer the agent's tools to another program, by the Model Context Protocol.

    Over standard input and output, or over HTTP. With SWARMCODE_MCP_TOKEN set, every request
    over HTTP needs that bearer token.
    """
    from .. import wiring

    wiring.serve_tools(call.settings({"serve.workspace_dir": workspace}), port=http)
