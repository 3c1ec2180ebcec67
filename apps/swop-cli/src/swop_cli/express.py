"""The commands that run in every hook and every build, without loading the command line library.

Loading typer takes longer than a warm scan. `scan`, `gen manifests` and `resolve` with their
plainest options are therefore taken here; anything else, a help page or a mistake included, is
left to the command table, which means the same by the same words (a test compares the two).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .actions import GenManifests, Scan
from .resolving import Resolve


def express(arguments: Sequence[str]) -> int | None:
    """Run a plain command and return its exit code; None for what must be parsed in full."""
    words = list(arguments)
    action: Scan | GenManifests | Resolve
    if words[:1] == ["scan"]:
        action, rest = Scan(), words[1:]
    elif words[:2] == ["gen", "manifests"]:
        action, rest = GenManifests(), words[2:]
    elif words[:1] == ["resolve"]:
        action, rest = Resolve(), words[1:]
    else:
        return None
    plain = {"--root", "--config"}
    if isinstance(action, Resolve):
        plain |= {"--manifests", "--against"}
        if "--strict" in rest:
            rest.remove("--strict")
            action = Resolve(strict=True)
    shaped = not isinstance(action, GenManifests)
    options = _plain_options(rest, plain, json="shape" if shaped else "as_json")
    return None if options is None else action.with_options(options).run()


def _plain_options(words: list[str], plain: set[str], *, json: str) -> dict[str, object] | None:
    options: dict[str, object] = {}
    rest = iter(words)
    for word in rest:
        if word in plain:
            value = next(rest, None)
            if value is None or value.startswith("-"):
                return None
            options[word[2:]] = value if word == "--against" else Path(value)
        elif word == "--json":
            options[json] = "json" if json == "shape" else True
        elif word in {"--incremental", "--no-incremental"}:
            options["incremental"] = word == "--incremental"
        else:
            return None
    return options
