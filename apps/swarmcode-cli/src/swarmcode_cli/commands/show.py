"""`swarmcode show`."""

from typing import Annotated

import typer

from ..options import Call, command


@command
def show(
    call: Call,
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            help="A run, or a snapshot, dataset, adapter, evaluation or manifest.",
            show_default="the project",
        ),
    ] = None,
    trail: Annotated[bool, typer.Option("--trail", help="Show the provenance.")] = False,
) -> None:
    """Show the project, one thing in it by the beginning of its name, or its provenance."""
    from .. import wiring
    from ..render import project as render

    project = wiring.look_at(call.settings())
    if trail:
        call.answer(render.trail_document(project), render.trail_text(project))
    elif name is None:
        call.answer(render.project_document(project), render.project_text(project))
    else:
        found = render.find(project, name)
        call.answer(found, render.as_yaml(found))
