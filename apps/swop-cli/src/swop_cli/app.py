"""The command table of `swop`."""

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from swop import SwopError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        typer.echo(f"swop {installed_version('swop')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_show_version),
    ] = False,
) -> None:
    """Find commands, queries, events and handlers, and keep their contracts."""


def main() -> None:
    """Run the command; the console script's entry point.

    Whatever swop refuses on purpose reaches a person as one line, with exit code 2.
    """
    try:
        app()
    except SwopError as error:
        typer.echo(f"[ERROR] {error}", err=True)
        raise SystemExit(2) from error
