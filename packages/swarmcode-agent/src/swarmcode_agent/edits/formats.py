"""The formats an edit is written in, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from .blocks import parse_blocks, render_blocks
from .model import Patch
from .render import render_unified
from .unified import parse_unified
from .whole import parse_whole, render_whole

Format: TypeAlias = Literal["unified", "blocks", "whole"]

_PARSERS: dict[Format, Callable[[str], Patch]] = {
    "unified": parse_unified,
    "blocks": parse_blocks,
    "whole": parse_whole,
}
_RENDERERS: dict[Format, Callable[[Patch], str]] = {
    "unified": render_unified,
    "blocks": render_blocks,
    "whole": render_whole,
}


def detect_format(text: str) -> Format:
    """Return the format a text is most likely written in."""
    lines = text.splitlines()
    if any(line.startswith("<<<<<") and "SEARCH" in line for line in lines):
        return "blocks"
    if any(line.startswith(("@@ ", "diff --git ", "--- ")) for line in lines):
        return "unified"
    return "whole" if any(line.startswith("```") for line in lines) else "unified"


def parse(text: str, format: Format | None = None) -> Patch:  # noqa: A002 - its everyday name
    """Read an edit; without a format, in the one it looks like."""
    return _PARSERS[format or detect_format(text)](text)


def render(patch: Patch, format: Format = "unified") -> str:  # noqa: A002 - its everyday name
    """Write an edit. Raises UnsupportedEditError where the format cannot say it."""
    return _RENDERERS[format](patch)
