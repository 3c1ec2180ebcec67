"""JSON that somebody else wrote: a model, a file, a server.

Python's parser recurses in C. Where the recursion limit was raised, as libraries do, nesting that
is deep enough runs out of stack and ends the process; no `except` sees it. So the depth is looked
at first.
"""

import json
import re
from typing import Any

DEEPEST = 200
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def loads(text: str | bytes, *, strict: bool = True) -> Any:
    """Return what the text says.

    Raises:
        ValueError: it is not JSON (a JSONDecodeError), not UTF-8, or nested too deeply.
    """
    read = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    if is_too_deep(read):
        raise ValueError("nested too deeply")
    return json.loads(read, strict=strict)


def is_too_deep(text: str) -> bool:
    """Say whether brackets outside of strings are nested more than 200 deep."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token.group()[0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        if depth > DEEPEST:
            return True
    return False
