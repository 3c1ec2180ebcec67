"""Reading JSON that somebody else wrote, without letting its depth end the process.

Python's parser recurses in C. Where a library of the host program raised the recursion limit,
nesting that is deep enough runs out of stack, and no `except` sees it. So the depth is looked at
first, and what is too deep is the RecursionError that it would be under the usual limit.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

DEEPEST: Final = 900
_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def read_json(
    data: str | bytes,
    *,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Read JSON as `json.loads` does.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested more than 900 deep.
    """
    text = (
        data.decode(json.detect_encoding(data), "surrogatepass")
        if isinstance(data, bytes)
        else data
    )
    if _is_too_deep(text):
        raise RecursionError("nested too deeply")
    return json.loads(text, object_pairs_hook=object_pairs_hook, parse_constant=parse_constant)


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token.group()[0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        if depth > DEEPEST:
            return True
    return False
