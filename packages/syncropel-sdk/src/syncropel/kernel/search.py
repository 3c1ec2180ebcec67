"""Full-text search by words: all of them must occur; more occurrences rank higher. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from .store import StoredRecord

MAX_CANDIDATES: Final = 5_000
"""How many of the newest records with all the words are ranked; older ones are not looked at."""
_WORD: Final = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared: every store splits by this function."""
    return _WORD.findall(text.casefold())


def words_in(body: Any) -> list[str]:
    """Return the words of every text value of a body."""
    return words_of("\n".join(_texts(body)))


def rank(candidates: Iterable[StoredRecord], words: Iterable[str], *, k: int) -> list[Any]:
    """Return the `k` best hits as `{id, score, record}`, the newer first among equals."""
    wanted = set(words)
    hits = []
    for record in candidates:
        found = words_in(record["body"])
        score = sum(word in wanted for word in found)
        hits.append({"id": record["id"], "score": score, "record": record})
    hits.sort(key=lambda hit: (hit["score"], hit["record"]["sequence"]), reverse=True)
    return hits[:k]


def _texts(value: Any) -> Iterator[str]:
    """Visit every text value; a stack, because bodies can be nested deeply."""
    stack = [value]
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind is str:
            yield value
        elif kind is dict:
            stack.extend(value.values())
        elif kind is list:
            stack.extend(value)
