"""`swarmcode run`."""

from enum import StrEnum
from typing import Annotated

import typer

from ..options import Call, command


class Last(StrEnum):
    """The step to stop after."""

    INGEST = "ingest"
    SYNTH = "synth"
    TRAIN = "train"
    EVAL = "eval"
    PUBLISH = "publish"


@command
def run(
    call: Call,
    *,
    source: Annotated[
        str | None,
        typer.Argument(help="The repository.", show_default="ingest.source of the settings"),
    ] = None,
    until: Annotated[Last, typer.Option("--until", help="The last step to do.")] = Last.PUBLISH,
) -> None:
    """Take a project from repository to published agent; what is done is not done again."""
    from ..render import steps as render
    from ..running import run_steps

    settings = call.settings({"ingest.source": source})
    done = []
    with call.progress() as tell:
        for performed in run_steps(settings, last=until.value, tell=tell):
            done.append(performed)
            if not call.as_json:
                call.answer({}, render.as_text(performed))
    if call.as_json:
        call.answer({"steps": [render.as_document(each) for each in done]}, "")
