"""Options that several commands share, and what a run knows of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .modes import Mode

RootOption = Annotated[
    Path, typer.Option("--root", help="The project's folder.", show_default="here")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file.", show_default="swop.yaml in --root"),
]
IncrementalOption = Annotated[
    bool,
    typer.Option("--incremental/--no-incremental", help="Use and update the cache."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


@dataclass(frozen=True, slots=True)
class Run:
    """The global options of one run."""

    mode: Mode = Mode.SOFT


def run_of(context: typer.Context) -> Run:
    """The global options that were given before a command."""
    run = context.find_object(Run)
    return run if run is not None else Run()


def config_path(root: Path, config: Path | None) -> Path:
    """Where the configuration is: as named, or in the project's folder."""
    return config if config is not None else root / "swop.yaml"
