"""`swop init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import show
from .settings import RootOption


def init(
    *,
    root: RootOption = Path(),
    name: Annotated[
        str | None, typer.Option("--name", help="The project's name.", show_default="its folder's")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write swop.yaml anew.")] = False,
    no_gitignore: Annotated[
        bool, typer.Option("--no-gitignore", help="Leave .gitignore alone.")
    ] = False,
) -> None:
    """Give a project its swop.yaml and state folder. What exists stays as it is."""
    from swop import init_project

    show(init_project(root, name=name, force=force, gitignore=not no_gitignore).format())
