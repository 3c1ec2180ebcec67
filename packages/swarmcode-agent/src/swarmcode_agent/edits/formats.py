"""The formats an edit is written in, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from ..errors import UnsupportedEditError
from .apply import Tree
from .blocks import parse_blocks, render_blocks
from .model import Patch
from .numbered import looks_numbered, parse_numbered, render_numbered
from .render import render_unified
from .unified import parse_unified
from .whole import parse_whole, render_whole

Format: TypeAlias = Literal["unified", "blocks", "whole", "lines"]

_PARSERS: dict[str, Callable[[str], Patch]] = {
    "unified": parse_unified,
    "blocks": parse_blocks,
    "whole": parse_whole,
}
_RENDERERS: dict[Format, Callable[[Patch], str]] = {
    "unified": render_unified,
    "blocks": render_blocks,
    "whole": render_whole,
    "lines": render_numbered,
}


def detect_format(text: str) -> Format:
    """Return the format a text is most likely written in."""
    lines = text.splitlines()
    if any(line.startswith("<<<<<") and "SEARCH" in line for line in lines):
        return "blocks"
    if any(line.startswith(("@@ ", "diff --git ", "--- ")) for line in lines):
        return "unified"
    if looks_numbered(lines):
        return "lines"
    return "whole" if any(line.startswith("```") for line in lines) else "unified"


def parse(
    text: str,
    format: Format | None = None,  # noqa: A002 - its everyday name
    *,
    tree: Tree | None = None,
) -> Patch:
    """Read an edit; without a format, in the one it looks like.

    Numbered lines mean nothing without the files: `tree` is where they are read.
    """
    chosen = format or detect_format(text)
    if chosen != "lines":
        return _PARSERS[chosen](text)
    if tree is None:
        raise UnsupportedEditError("numbered lines need the files they are about: pass `tree`")
    return parse_numbered(text, tree)


def render(patch: Patch, format: Format = "unified") -> str:  # noqa: A002 - its everyday name
    """Write an edit. Raises UnsupportedEditError where the format cannot say it."""
    return _RENDERERS[format](patch)
