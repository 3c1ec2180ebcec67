"""The command table of `swop`."""

from __future__ import annotations

from typing import Annotated

import typer

from .doctor import doctor
from .gen import gen
from .hook import hook
from .init import init
from .modes import Mode
from .resolve import resolve
from .scan import scan
from .settings import Run
from .watch import watch

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(init)
app.command()(scan)
app.command()(resolve)
app.command()(doctor)
app.command()(watch)
app.add_typer(gen, name="gen")
app.add_typer(hook, name="hook")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        from importlib.metadata import version as installed_version

        typer.echo(f"swop {installed_version('swop')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    *,
    mode: Annotated[
        Mode,
        typer.Option(
            "--mode",
            case_sensitive=False,
            help="OBSERVE writes nothing; STRICT fails on what is wrong.",
        ),
    ] = Mode.SOFT,
    version: Annotated[  # noqa: ARG001 (its callback does the work)
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_show_version),
    ] = False,
) -> None:
    """Find commands, queries, events and handlers, and keep their contracts."""
    context.obj = Run(mode)
