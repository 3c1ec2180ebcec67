"""What every command that does one step has in common."""

from collections.abc import Callable, Mapping
from typing import Any

from ..options import Call


def do_step(call: Call, flags: Mapping[str, Any], choose: Callable[[Any, Any], Any]) -> None:
    """Read the settings, do one step in the project, and print what it made."""
    from .. import wiring
    from ..output import remark
    from ..render import steps as render

    settings = call.settings(flags)
    with wiring.workplace(settings) as place, call.progress() as tell:
        performed = place.do(choose(wiring, place), tell)
    if not call.quiet:
        remark(render.remarks(performed), prefix="note: ")
    call.answer(render.as_document(performed), render.as_text(performed))
