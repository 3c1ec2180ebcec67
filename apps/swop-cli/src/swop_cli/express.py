"""The commands that run in every hook and every build, without loading the command line library.

Loading typer takes longer than a warm scan. `scan` and `gen manifests` with their plainest
options are therefore taken here; anything else, a help page or a mistake included, is left to
the command table, which means the same by the same words (a test compares the two).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .actions import GenManifests, Scan


def express(arguments: Sequence[str]) -> int | None:
    """Run a plain command and return its exit code; None for what must be parsed in full."""
    words = list(arguments)
    action: Scan | GenManifests
    if words[:1] == ["scan"]:
        action, rest = Scan(), words[1:]
    elif words[:2] == ["gen", "manifests"]:
        action, rest = GenManifests(), words[2:]
    else:
        return None
    options = _plain_options(rest, json="shape" if isinstance(action, Scan) else "as_json")
    return None if options is None else action.with_options(options).run()


def _plain_options(words: list[str], *, json: str) -> dict[str, object] | None:
    options: dict[str, object] = {}
    rest = iter(words)
    for word in rest:
        match word:
            case "--root" | "--config":
                value = next(rest, None)
                if value is None or value.startswith("-"):
                    return None
                options[word[2:]] = Path(value)
            case "--json":
                options[json] = "json" if json == "shape" else True
            case "--incremental" | "--no-incremental":
                options["incremental"] = word == "--incremental"
            case _:
                return None
    return options
