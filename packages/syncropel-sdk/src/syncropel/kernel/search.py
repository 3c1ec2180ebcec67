"""Full-text search by words: all of them must occur; more occurrences rank higher. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from .store import StoredRecord

_WORD: Final = re.compile(r"\w+")


def search(records: Iterable[StoredRecord], query: str, *, k: int) -> list[dict[str, Any]]:
    """Return the `k` best hits as `{id, score, record}`, the newer first among equals."""
    wanted = set(_WORD.findall(query.casefold()))
    if not wanted:
        return []
    hits = []
    for record in records:
        words = [word for text in _texts(record["body"]) for word in _WORD.findall(text.casefold())]
        score = sum(word in wanted for word in words)
        if wanted <= set(words):
            hits.append({"id": record["id"], "score": score, "record": record})
    hits.sort(key=lambda hit: (hit["score"], hit["record"]["sequence"]), reverse=True)
    return hits[:k]


def _texts(value: Any) -> Iterator[str]:
    """Visit every text value; a stack, because bodies can be nested deeply."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
