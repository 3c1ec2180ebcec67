"""`swop gen`: everything that is generated from what a scan finds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .actions import GenManifests
from .contracts import GenProto
from .settings import ConfigOption, IncrementalOption, JsonOption, RootOption, run_of

gen = typer.Typer(no_args_is_help=True, help="Generate files from what a scan finds.")


@gen.command("manifests")
def manifests(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="<state_dir>/manifests"),
    ] = None,
    incremental: IncrementalOption = True,
    skip_heuristics: Annotated[
        bool, typer.Option("--skip-heuristics", help="Leave out what was only guessed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the manifests of every context; files whose bytes would not change stay untouched.

    With --mode OBSERVE nothing is written. With --mode STRICT nothing is written when a file
    could not be read.
    """
    action = GenManifests(
        mode=run_of(context).mode,
        root=root,
        config=config,
        incremental=incremental,
        out=out,
        skip_heuristics=skip_heuristics,
        as_json=as_json,
    )
    raise typer.Exit(action.run())


ManifestsOption = Annotated[
    Path | None,
    typer.Option(
        "--manifests", help="Where the manifests are.", show_default="<state_dir>/manifests"
    ),
]


@gen.command("proto")
def proto(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    manifests_dir: ManifestsOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="<state_dir>/generated/proto"),
    ] = None,
    renames: Annotated[
        bool | None,
        typer.Option(
            "--take-renames/--no-renames",
            help="Whether a field that looks renamed keeps its number.",
            show_default="stop and ask",
        ),
    ] = None,
) -> None:
    """Write a .proto file for every context, with the numbers of swop.lock.yml.

    The files are compiled before they are kept. What looks like a renamed field is shown first:
    nothing is written until --take-renames or --no-renames decides.
    """
    action = GenProto(
        mode=run_of(context).mode,
        root=root,
        config=config,
        manifests=manifests_dir,
        out=out,
        renames="ask" if renames is None else "take" if renames else "new",
    )
    raise typer.Exit(action.run())
