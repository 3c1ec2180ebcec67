"""`swarmcode synth`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command
from .stepping import do_step


@command
def synth(
    call: Call,
    *,
    snapshot: Annotated[
        Path | None,
        typer.Argument(help="A snapshot, or a git repository.", show_default="the newest snapshot"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file of rows.", show_default="data/training.jsonl"
        ),
    ] = None,
    planted: Annotated[
        int | None,
        typer.Option("--synthetic", help="How many planted bugs to make.", show_default="0"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Look at so many commits, newest first.")
    ] = None,
) -> None:
    """Make training rows of a repository's history, proven by its tests."""
    flags = {
        "synth.snapshot_dir": snapshot,
        "synth.output_path": output,
        "synth.synthetic": planted,
        "synth.limit": limit,
    }
    do_step(call, flags, lambda wiring, place: wiring.synth(place))
