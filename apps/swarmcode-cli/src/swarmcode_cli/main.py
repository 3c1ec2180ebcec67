"""The console script's entry point: whatever goes wrong is one line, and an exit code."""

import sys
from collections.abc import Sequence

from . import exits
from .output import remark

STOPPED = "[STOPPED] the same command goes on from here"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    from .app import app

    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        app(given, prog_name="swarmcode")
    except SystemExit as stop:
        if stop.code == exits.STOPPED:  # typer's answer to Ctrl-C
            remark([STOPPED])
        return stop.code if isinstance(stop.code, int) else exits.FAILED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has gone: nothing is left to say
        return exits.FAILED
    except KeyboardInterrupt:
        remark([STOPPED])
        return exits.STOPPED
    except Exception as error:  # noqa: BLE001 - what is no purpose of ours is raised again
        return _told(error)
    return exits.OK


def _told(error: Exception) -> int:
    """Say what a part of this program raised on purpose; anything else is a fault of ours."""
    from . import wiring

    if not isinstance(error, wiring.deliberate_errors()):
        raise error
    if wiring.was_stopped(error):
        remark([f"[STOPPED] {error}"])
        return exits.STOPPED
    remark([f"[ERROR] {error}"])
    return exits.FAILED
