"""Bounds for files that somebody else wrote: how deep they may be, and how large they may grow.

Python's parsers recurse. Where the host program raised the recursion limit, text that is nested
deeply enough runs out of stack, and no `except` sees the process end. YAML has aliases, too, by
which a few lines stand for more data than fits into memory.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

DEEPEST: Final = 200
LARGEST: Final = 1_000_000

_TOML_TOKENS = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*|[\[\]{}]''',
    re.DOTALL,
)


def refuse_deep_toml(text: str) -> None:
    """Raise ValueError for TOML whose values are nested too deeply to be parsed."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for token in _TOML_TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} deep")


def as_json(data: Any) -> Any:
    """What a parser made, as dictionaries with text as keys, lists and scalars.

    Raises ValueError for what JSON has no form for, what is too deep, and what grows too large.
    """
    return _Copy().of(data, 0)


class _Copy:
    """A copy in the making; it counts what it has copied."""

    def __init__(self) -> None:
        self._size = 0

    def of(self, data: Any, depth: int) -> Any:
        self._size += 1
        if self._size > LARGEST:
            raise ValueError(f"it stands for more than {LARGEST} values")
        if depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} deep")
        if isinstance(data, dict):
            return {_key(key): self.of(value, depth + 1) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.of(value, depth + 1) for value in data]
        if isinstance(data, dt.date | dt.time):
            return data.isoformat()
        if data is None or isinstance(data, str | int | float):
            return data
        raise ValueError(f"JSON has no form for a {type(data).__name__}")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, int | float):
        return str(key)
    raise ValueError(f"a {type(key).__name__} cannot be a key")
