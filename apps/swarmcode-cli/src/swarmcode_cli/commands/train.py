"""`swarmcode train`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command
from .stepping import do_step


@command
def train(
    call: Call,
    *,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset", "-d", help="The rows to learn.", show_default="data/training.jsonl"
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="The base model: a folder or a name.",
            show_default="Qwen/Qwen2.5-Coder-7B-Instruct",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the adapter goes.", show_default="artifacts"),
    ] = None,
    epochs: Annotated[
        float | None, typer.Option("--epochs", "-e", help="Passes over the rows.", show_default="3")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="qwen-7b, qwen-14b or qwen-32b.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what it would take, and stop.")] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Throw away what an unfinished run has learned.")
    ] = False,
) -> None:
    """Train an adapter; one that was stopped goes on where it was."""
    flags = {
        "train.dataset_path": dataset,
        "train.model_name": model,
        "train.output_dir": output,
        "train.num_epochs": epochs,
    }
    if preset is not None:
        from .. import wiring

        flags = {**wiring.preset(preset), **{k: v for k, v in flags.items() if v is not None}}
    if plan:
        _show_plan(call, flags)
        return
    do_step(call, flags, lambda wiring, place: wiring.train(place, anew=anew))


def _show_plan(call: Call, flags: Mapping[str, object]) -> None:
    from dataclasses import asdict

    from .. import wiring

    found = wiring.training_plan(call.settings(flags))
    call.answer(asdict(found), "\n".join(found.lines()))
