"""`swarmcode chat`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def chat(
    call: Call,
    *,
    adapter: Annotated[
        Path | None,
        typer.Option(
            "--adapter", "-a", help="The adapter to ask.", show_default="the newest one here"
        ),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="Ask this server (…/v1) instead.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="The base model; at an endpoint, the model's name there."
        ),
    ] = None,
    ask: Annotated[
        str | None, typer.Option("--ask", help="Ask this, print the answer, and stop.")
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", help="With --ask: let it work in this folder, by tools."),
    ] = None,
) -> None:
    """Talk with an agent; with --ask and --workspace, give it a task."""
    from .. import chatting, wiring

    settings = call.settings({"serve.adapter_path": adapter})
    talk = chatting.Talk(
        wiring.backend(settings, endpoint=endpoint, model=model),
        chatting.sampling(settings),
    )
    if ask is None:
        chatting.converse(talk, chatting.Terminal())
    elif workspace is None:
        call.answer(*chatting.ask_once(talk, ask, aloud=not call.as_json))
    else:
        call.answer(*chatting.work_on(talk, ask, workspace))
