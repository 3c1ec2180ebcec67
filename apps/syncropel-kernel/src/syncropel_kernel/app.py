"""The command table of `syncropel`."""

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from .backup import backup
from .emit import emit
from .keys_command import keys_app
from .query import query, thread
from .serve import serve
from .spool import spool_app
from .tail import tail
from .transfer import export, import_
from .verify import verify

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(serve)
app.command()(emit)
app.command()(query)
app.command()(thread)
app.command()(tail)
app.command()(verify)
app.command()(export)
app.command("import")(import_)
app.command()(backup)
app.add_typer(keys_app, name="keys")
app.add_typer(spool_app, name="spool")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        typer.echo(f"syncropel {installed_version('syncropel-kernel')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_show_version),
    ] = False,
) -> None:
    """Content-addressed records on your own machine."""


def main() -> None:
    """Run the command; the console script's entry point."""
    app()
