"""The command table of `swarmcode`.

A command parses, calls one library function through `wiring`, and renders. Exit codes: 0 done,
1 the answer is no, 2 the command could not be understood.
"""

from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        typer.echo(f"swarmcode {installed_version('swarmcode')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_show_version),
    ] = False,
) -> None:
    """Train a coding agent on your own repository, on your own machine."""


@app.command()
def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON, for a program.")
    ] = False,
) -> None:
    """Say what this machine has of what SwarmCode needs, with the fix for what it lacks.

    Exit code 0: everything needed is there. 1: something the pipeline cannot do without is not.
    """
    # Imported here so that `swarmcode --help` stays quick.
    from rich.console import Console

    from . import wiring
    from .doctor import worst
    from .render import doctor as render

    checks = wiring.examine(Path.cwd())
    if as_json:
        typer.echo(render.as_json(checks))
    else:
        render.as_table(checks, Console())
    raise typer.Exit(1 if worst(checks) == "fail" else 0)


def main() -> None:
    """Run the command; the console script's entry point."""
    app()
