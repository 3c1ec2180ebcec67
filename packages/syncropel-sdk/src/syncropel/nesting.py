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
_PEELS: Final = 32
"""Ordinary JSON is flatter: this many rounds of dropping empty brackets leave nothing of it."""
_REST: Final = bytes(set(range(256)) - set(b'[]{}"\\'))
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
    skeleton = _skeleton(text)
    for _ in range(_PEELS):
        peeled = skeleton.replace(b"[]", b"").replace(b"{}", b"")
        if not peeled:
            return False
        skeleton = peeled
    return _is_counted_too_deep(text)


def _skeleton(text: str) -> bytes:
    """Leave the brackets, and whatever quotes say that some of them may be text.

    A text without brackets is two quotes beside each other, which go; any other keeps a quote,
    and what keeps a quote never peels down to nothing.
    """
    return text.encode(errors="surrogatepass").translate(None, _REST).replace(b'""', b"")


def _is_counted_too_deep(text: str) -> bool:
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token.group()[0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        if depth > DEEPEST:
            return True
    return False
