"""`swop scan`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .actions import Scan
from .settings import ConfigOption, IncrementalOption, RootOption, run_of


class Format(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def scan(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    incremental: IncrementalOption = True,
    shape: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    json_out: Annotated[
        Path | None, typer.Option("--json-out", help="Also write the JSON report to a file.")
    ] = None,
    html_out: Annotated[
        Path | None, typer.Option("--html-out", help="Also write the HTML report to a file.")
    ] = None,
    strict_heuristics: Annotated[
        bool, typer.Option("--strict-heuristics", help="Exit 1 if anything was only guessed.")
    ] = False,
    strict_errors: Annotated[
        bool,
        typer.Option("--strict-errors", help="Check every file; exit 1 if none was scanned."),
    ] = False,
) -> None:
    """Find the commands, queries, events and handlers of a project.

    Exit code 1 says that a file could not be read or that a strict option was not met.
    """
    action = Scan(
        mode=run_of(context).mode,
        root=root,
        config=config,
        incremental=incremental,
        shape="json" if as_json else shape.value,
        json_out=json_out,
        html_out=html_out,
        strict_heuristics=strict_heuristics,
        strict_errors=strict_errors,
    )
    raise typer.Exit(action.run())
