"""`swop resolve`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .output import show
from .resolving import DEFAULT_DAYS, Resolve, rules_table
from .settings import ConfigOption, IncrementalOption, JsonOption, RootOption, run_of


class Shape(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


def resolve(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    manifests: Annotated[
        Path | None,
        typer.Option(
            "--manifests",
            help="Compare with the manifests of this folder.",
            show_default="<state_dir>/manifests",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", help="Compare with the manifests of this git ref."),
    ] = None,
    shape: Annotated[Shape, typer.Option("--format", help="How to print.")] = Shape.TEXT,
    as_json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the report here.", show_default="print it")
    ] = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Write to the manifests what no unaccepted error is about."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 for errors that nobody accepted.")
    ] = False,
    accept_breaking: Annotated[
        str | None,
        typer.Option(
            "--accept-breaking", metavar="REASON", help="Accept all errors, for this reason."
        ),
    ] = None,
    accept_days: Annotated[
        int, typer.Option("--accept-days", min=1, help="For how long they are accepted.")
    ] = DEFAULT_DAYS,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and stop.")] = False,
    incremental: IncrementalOption = True,
) -> None:
    """Compare the code with a baseline, and say what breaks.

    Exit code 2 when a side is missing, damaged, empty or incomplete: that is never "no drift".
    """
    if rules:
        show(rules_table())
        return
    action = Resolve(
        mode=run_of(context).mode,
        root=root,
        config=config,
        incremental=incremental,
        shape="json" if as_json else shape.value,
        manifests=manifests,
        against=against,
        strict=strict,
        apply=apply,
        accept_breaking=accept_breaking,
        accept_days=accept_days,
        out=out,
    )
    raise typer.Exit(action.run())
