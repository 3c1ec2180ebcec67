"""`swop doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .contracts import Doctor
from .settings import ConfigOption, RootOption, run_of


def doctor(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare everything that was generated, by content.")
    ] = False,
) -> None:
    """Say whether what swop needs is there; with --deep, whether all that it made still agrees."""
    action = Doctor(mode=run_of(context).mode, root=root, config=config, deep=deep)
    raise typer.Exit(action.run())
