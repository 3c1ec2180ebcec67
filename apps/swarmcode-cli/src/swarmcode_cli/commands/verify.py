"""`swarmcode verify`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .. import exits
from ..options import Call, command


@command
def verify(
    call: Call,
    *,
    target: Annotated[
        Path | None, typer.Argument(help="An agent's folder.", show_default="the project here")
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect",
            help="Whose signature counts: an address, a public key, a trust file.",
            show_default="trust.json",
        ),
    ] = None,
) -> None:
    """Check that an agent is what its signer published, or a project what its records say.

    Exit code 1: something does not hold.
    """
    from .. import wiring
    from ..render import findings as render

    found = wiring.verify(call.settings({"verify.expect": expect}), target)
    holds = all(finding.holds for finding in found)
    document = {"holds": holds, "findings": [asdict(finding) for finding in found]}
    call.answer(document, render.as_text(found))
    raise typer.Exit(exits.OK if holds else exits.NO)
