"""`swarmcode runs`."""

from ..options import Call, command


@command
def runs(call: Call) -> None:
    """List every step that was begun here, oldest first."""
    from .. import wiring
    from ..render import project as render

    project = wiring.look_at(call.settings())
    call.answer(render.runs_document(project), render.runs_text(project))
