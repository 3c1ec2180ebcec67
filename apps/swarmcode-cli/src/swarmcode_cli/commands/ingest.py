"""`swarmcode ingest`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command
from .stepping import do_step


@command
def ingest(
    call: Call,
    *,
    source: Annotated[
        str | None, typer.Argument(help="A folder, a bundle or a git URL.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where snapshots go.", show_default="data/snapshots"),
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option("--branch", "-b", help="A branch, tag or commit.", show_default="main"),
    ] = None,
    worktree: Annotated[
        bool | None,
        typer.Option("--worktree", help="Read the folder as it stands.", show_default=False),
    ] = None,
) -> None:
    """Take a snapshot of a repository, with a map of its code."""
    flags = {
        "ingest.source": source,
        "ingest.output_dir": output,
        "ingest.branch": branch,
        "ingest.worktree": worktree,
    }
    do_step(call, flags, lambda wiring, place: wiring.ingest(place))
