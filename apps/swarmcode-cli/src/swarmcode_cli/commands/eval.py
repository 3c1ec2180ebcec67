"""`swarmcode eval`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command
from .stepping import do_step


@command
def evaluate(
    call: Call,
    *,
    adapter: Annotated[
        Path | None,
        typer.Argument(help="The adapter.", show_default="artifacts/swarmcode_adapter"),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset", "-d", help="The rows to evaluate with.", show_default="data/eval.jsonl"
        ),
    ] = None,
    run_tests: Annotated[
        bool | None,
        typer.Option(
            "--run-tests/--no-tests",
            help="Judge by tests, or only by whether patches apply.",
            show_default="--run-tests",
        ),
    ] = None,
    base_model: Annotated[
        str | None,
        typer.Option("--base-model", help="The base, where it is not where the adapter says."),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", help="Ask this server (…/v1) instead of loading the model."),
    ] = None,
) -> None:
    """Evaluate an adapter by running the tests of what it changed."""
    flags = {
        "eval.adapter_path": adapter,
        "eval.test_dataset": dataset,
        "eval.run_tests": run_tests,
        "eval.base_model": base_model,
        "eval.endpoint": endpoint,
    }
    do_step(call, flags, lambda wiring, place: wiring.evaluate(place))
