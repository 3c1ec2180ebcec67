"""The `exclude` patterns of a configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence


class Exclusion:
    """Glob patterns over paths with forward slashes.

    `*` and `?` stay within one folder, `**` crosses folders. A pattern with a slash is
    anchored at the project's root and at each source root; one without matches a name
    anywhere. What is below an excluded folder is excluded with it.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        parts = [_translate(pattern) for pattern in patterns]
        self._pattern = re.compile("|".join(parts)) if parts else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def matches(self, *paths: str) -> bool:
        """Whether any of these spellings of one path is excluded."""
        return self._pattern is not None and any(
            self._pattern.fullmatch(path) is not None for path in paths
        )


def _translate(pattern: str) -> str:
    text = pattern.replace("\\", "/").removeprefix("./")
    anchored = "/" in text.rstrip("/")
    text = text.strip("/")
    while text.endswith(("/**", "/*")):
        text = text.rpartition("/")[0]
    body = "".join(_piece(piece) for piece in re.split(r"(\*\*/|\*\*|\*|\?)", text))
    start = "" if anchored else "(?:.*/)?"
    return f"(?:{start}{body}(?:/.*)?)"


def _piece(piece: str) -> str:
    return {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
