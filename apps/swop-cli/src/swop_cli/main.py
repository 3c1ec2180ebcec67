"""The console script's entry point."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from . import exits
from .express import express
from .modes import mode_first
from .output import remark


def console() -> int:
    """`main` for a process of its own.

    Such a process is over before cyclic garbage could matter, and looking for it takes a
    quarter of a scan. `watch`, which lives on, turns it on again.
    """
    gc.disable()
    try:
        return main()
    finally:
        gc.freeze()  # nor is anything looked for at the exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    from swop import SwopError

    given = mode_first(sys.argv[1:] if arguments is None else arguments)
    try:
        code = express(given)
        return _in_full(given) if code is None else code
    except SwopError as error:
        remark([f"[ERROR] {error}"])
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has gone: nothing is left to say
    except KeyboardInterrupt:
        remark(["[ERROR] interrupted"])
    return exits.FAILED


def _in_full(arguments: Sequence[str]) -> int:
    from .app import app

    try:
        app(list(arguments), prog_name="swop")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else exits.FAILED
    return exits.OK
