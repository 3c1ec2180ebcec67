"""`swarmcode report`."""

from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def report(
    call: Call,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page.", show_default="artifacts/report.html"),
    ] = None,
) -> None:
    """Write one page about the project: what was made, how it did, whether it holds."""
    from .. import wiring

    page = wiring.write_report(call.settings(), output)
    call.answer({"path": str(page)}, str(page))
