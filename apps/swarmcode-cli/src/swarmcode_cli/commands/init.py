"""`swarmcode init`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def init(
    call: Call,
    *,
    source: Annotated[
        str, typer.Option("--source", help="The repository: a folder, a bundle or a git URL.")
    ] = ".",
    model: Annotated[
        str, typer.Option("--model", "-m", help="The base model: a folder or a name.")
    ] = "Qwen/Qwen2.5-Coder-7B-Instruct",
    name: Annotated[
        str, typer.Option("--name", "-n", help="What the agent will be called.")
    ] = "swarmcode-agent",
    new_key: Annotated[
        Path | None,
        typer.Option("--new-key", help="Make a key to sign with, in this encrypted keystore."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write swarmcode.yaml anew.")] = False,
) -> None:
    """Begin a project here: settings with a schema for editors, and a place for its data."""
    from .. import wiring
    from ..beginning import Wanted

    made = wiring.begin(call.settings(), Wanted(source, model, name, new_key, force))
    lines = [f"made  {path}" for path in made.made] + [f"kept  {path}" for path in made.kept]
    if made.address is not None:
        lines.append(f"key   {made.address}")
    call.answer(asdict(made), "\n".join([*lines, "next: swarmcode run"]))
