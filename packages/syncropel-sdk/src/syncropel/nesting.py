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
_OTHERS: Final = re.compile(r"[^\[\]{}]+")
_ROUNDS: Final = 16


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
    brackets = _OTHERS.sub("", _outside_of_texts(text))
    for _ in range(_ROUNDS):  # what lies flat, as a list of records does, is gone after a few
        brackets = brackets.replace("[]", "").replace("{}", "")
        if not brackets:
            return False
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST - _ROUNDS:
            return True
    return False


def _outside_of_texts(text: str) -> str:
    """Drop everything between quotation marks; what is escaped there goes first."""
    unescaped = text.replace("\\\\", "").replace('\\"', "") if "\\" in text else text
    return "".join(unescaped.split('"')[::2])
