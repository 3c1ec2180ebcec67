"""`swarmcode doctor`."""

from pathlib import Path

import typer

from .. import exits
from ..options import Call, command


@command
def doctor(call: Call) -> None:
    """Say what this machine has of what SwarmCode needs, with the fix for what it lacks.

    Exit code 0: everything needed is there. 1: something the pipeline cannot do without is not.
    """
    from rich.console import Console

    from .. import wiring
    from ..doctor import worst
    from ..output import show
    from ..render import doctor as render

    checks = wiring.examine(Path.cwd(), call.settings())
    if call.as_json:
        show(render.as_json(checks))
    else:
        render.as_table(checks, Console())
    raise typer.Exit(exits.NO if worst(checks) == "fail" else exits.OK)
