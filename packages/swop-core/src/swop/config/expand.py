"""`${NAME}` in the strings of a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

MAX_NODES = 100_000
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand(value: Any, environ: Mapping[str, str], *, refuse: Callable[[str], NoReturn]) -> Any:
    """Return `value` with every `${NAME}` that is set replaced; the others stay as written.

    YAML's anchors can make a small text stand for an endless one, so that the number of
    values is bounded; `refuse` is called past it.
    """
    return _Expander(environ, refuse).expand(value, 0)


class _Expander:
    def __init__(self, environ: Mapping[str, str], refuse: Callable[[str], NoReturn]) -> None:
        self.environ = environ
        self.refuse = refuse
        self.nodes = 0

    def expand(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > 50:
            self.refuse(
                "holds too many or too deeply nested values: is an anchor repeating itself?"
            )
        if isinstance(value, str):
            return _REFERENCE.sub(self._replacement, value) if "${" in value else value
        if isinstance(value, list):
            return [self.expand(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.expand(item, depth + 1) for key, item in value.items()}
        return value

    def _replacement(self, match: re.Match[str]) -> str:
        return self.environ.get(match[1], match[0])
