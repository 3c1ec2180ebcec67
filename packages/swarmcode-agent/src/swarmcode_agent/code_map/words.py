"""The words of a task, and the words of names: what makes a task meet a file.

`parse_HTTPHeader` and "parsing HTTP headers" should meet, so names are split at their joints
and words lose their usual endings. There is no dictionary: identifiers are in no language.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_JOINTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
# A task may be a commit's message, which may be anything: nothing here looks at a place twice.
_PATH_LIKE = re.compile(r"[\w./-]+")
_FILE_NAME = re.compile(r"(?:^|/)[\w.-]*[\w-]\.\w{1,5}$")
_QUOTED = re.compile(r"[`'\"]([^\W\d]\w{0,99})[`'\"(]")
_DOTTED = re.compile(r"\w+(?:\.\w+)*")
_STOP_WORDS = """
    a an and are as at be by for from has have in into is it its not of on or that the then
    this to was when will with without we you can no if all also any but do does doesn don so
    use using used make makes add adds added fix fixes fixed update change remove support
    allow new now more only should instead via self
"""
_STOP = frozenset(_STOP_WORDS.split())
_ENDINGS = ("ations", "ation", "ings", "ing", "ers", "ies", "ied", "ed", "es", "er", "s", "e", "y")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return a word without its ending, when enough of it is left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=1 << 17)
def parts(name: str) -> tuple[str, ...]:
    """Return the stems of the words that a name is made of."""
    return tuple(stem(word.lower()) for word in _JOINTS.findall(name) if len(word) > 1)


def task_stems(task: str) -> Iterator[str]:
    """Yield the stems of a task's words, the usual ones left out."""
    for word in _IDENTIFIER.findall(task):
        if word.lower() not in _STOP:
            yield from (part for part in parts(word) if part not in _STOP)


def identifiers(task: str) -> set[str]:
    """Return what in a task is written like a name of code: `foo_bar`, `FooBar`, `foo()`."""
    found = set(_QUOTED.findall(task))
    for dotted in _DOTTED.finditer(task):
        names = dotted.group().split(".")
        called = task.startswith("(", dotted.end())
        if len(names) > 1:
            found.update(names)
        elif called or _looks_like_code(names[0]):
            found.add(names[0])
    return found


def _looks_like_code(word: str) -> bool:
    return "_" in word.strip("_") or re.search(r"[a-z][A-Z]", word) is not None


def paths(task: str) -> set[str]:
    """Return what in a task is written like a path or a file name."""
    found = (word.rstrip(".") for word in _PATH_LIKE.findall(task))
    return {word for word in found if _FILE_NAME.search(word)}
