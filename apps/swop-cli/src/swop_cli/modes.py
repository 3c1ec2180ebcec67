"""`--mode`, which is global and may stand before or after the command."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Mode(StrEnum):
    """What swop may change, and what it fails on."""

    STRICT = "STRICT"
    SOFT = "SOFT"
    OBSERVE = "OBSERVE"
    AUTO_HEAL = "AUTO_HEAL"

    @property
    def may_write(self) -> bool:
        """Whether files may be written at all."""
        return self is not Mode.OBSERVE


def mode_first(arguments: Sequence[str]) -> list[str]:
    """Move `--mode X` and `--mode=X` to the front, where the command line expects it."""
    rest = list(arguments)
    end = rest.index("--") if "--" in rest else len(rest)
    for position in range(end):
        if rest[position].startswith("--mode="):
            return [rest.pop(position), *rest]
        if rest[position] == "--mode":
            taken = rest[position : position + 2]
            del rest[position : position + 2]
            return [*taken, *rest]
    return rest
