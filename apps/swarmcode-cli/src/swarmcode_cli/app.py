"""The command table of `swarmcode`."""

from typing import Annotated

import typer

from .commands.chat import chat
from .commands.demo import demo
from .commands.doctor import doctor
from .commands.eval import evaluate
from .commands.ingest import ingest
from .commands.init import init
from .commands.mcp import mcp
from .commands.publish import publish
from .commands.pull import pull
from .commands.report import report
from .commands.run import run
from .commands.runs import runs
from .commands.serve import serve
from .commands.show import show
from .commands.synth import synth
from .commands.train import train
from .commands.verify import verify

# Plain help: rich would triple the time that it takes to show it.
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(demo)
app.command()(init)
app.command()(run)
app.command()(ingest)
app.command()(synth)
app.command()(train)
app.command("eval")(evaluate)
app.command()(publish)
app.command()(pull)
app.command()(verify)
app.command()(serve)
app.command()(chat)
app.command()(mcp)
app.command()(runs)
app.command()(show)
app.command()(report)
app.command()(doctor)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        from importlib.metadata import version as installed_version

        typer.echo(f"swarmcode {installed_version('swarmcode')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Let the libraries say what they do.")
    ] = False,
    version: Annotated[  # noqa: ARG001 (its callback does the work)
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_show_version),
    ] = False,
) -> None:
    """Train a coding agent on your own repository, on your own machine."""
    if verbose:
        import logging

        logging.basicConfig(level=logging.DEBUG)
