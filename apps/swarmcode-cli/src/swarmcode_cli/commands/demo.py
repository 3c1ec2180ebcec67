"""`swarmcode demo`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ..options import Call, command


@command
def demo(
    call: Call,
    *,
    into: Annotated[Path, typer.Option("--into", help="The folder to make.")] = Path(
        "swarmcode-demo"
    ),
) -> None:
    """Go the whole way with a sample and a tiny model: offline, on a CPU, in a few minutes.

    What was interrupted goes on when it is called again. Exit code 2: a promise was not held.
    """
    from ..demo.tour import honest_words, tour
    from ..progress import duration

    began = time.monotonic()
    stops = []
    with call.progress() as tell:
        for stop in tour(into, tell):
            stops.append({"stop": stop.title, "told": stop.told})
            if not call.as_json:
                call.answer({}, f"{stop.title:9}{stop.told}")
    seconds = time.monotonic() - began
    words = honest_words(into)
    told = f"\n{words}\n\n{duration(seconds)}. Look around: cd {into} && swarmcode show --trail"
    call.answer({"stops": stops, "seconds": round(seconds, 1), "honestly": words}, told)
