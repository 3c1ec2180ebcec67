"""Recognising the line that names a file, in the many ways models write one."""

from __future__ import annotations

import re

_WRAPPED = re.compile(
    r"^\s*(?:#{1,6}\s+|[-*]\s+|//\s*|#\s*)?(?:(?:file|path)(?:name)?\s*:\s*)?"
    r"(?P<mark>\*\*|`|\"|)(?P<path>[^`\"*<>|:\x00-\x1f]+?)(?P=mark):?\s*$",
    re.IGNORECASE,
)
_FENCED = re.compile(r"^\s*`{3,}\w*[ :](?P<path>\S*[./]\S*)\s*$")
_MOST_WORDS = 1


def path_line(line: str) -> str | None:
    """Return the path that a line names, or None where it is prose, a fence or nothing.

    A path has a dot or a slash in it. One with spaces has to be quoted, since prose has dots too.
    """
    if len(line) > 1000:
        return None
    if fenced := _FENCED.match(line):
        return fenced["path"]
    found = _WRAPPED.match(line)
    if found is None or line.lstrip().startswith("```"):
        return None
    path = found["path"].strip()
    plain = len(path.split()) <= _MOST_WORDS or found["mark"] in {"`", '"', "**"}
    looks = plain and ("/" in path or "." in path.strip(".")) and not path.endswith(("/", "."))
    return path if looks or _is_known(path) else None


def _is_known(path: str) -> bool:
    return path in {"Makefile", "Dockerfile", "LICENSE", "Justfile", "Procfile", "Gemfile"}
