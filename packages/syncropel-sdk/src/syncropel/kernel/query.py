"""Filters of rich queries: which records a JSON filter means.

Fields are paths into a record (`act`, `clock`, `body.title`); `kind` is short for `body.kind`.
Values of different types are never equal, larger or smaller: nothing is guessed. Pure.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from ..errors import FilterError

Predicate = Callable[[Mapping[str, Any]], bool]
_MISSING: Final = object()
_MAX_DEPTH: Final = 20
_MAX_PATTERN: Final = 500
MAX_LIMIT: Final = 1_000


def compile_filter(filter_: object) -> Predicate:
    """Turn a filter into a function.

    Raises:
        FilterError: an unknown operator, or an operand it cannot work with; says where.
    """
    return _compile(filter_, "", 0)


def compile_sort(sort: object) -> list[tuple[str, bool]]:
    """Read `{field: 1 | -1}` as (field, descending) pairs, the most significant first."""
    if sort is None:
        return []
    if not isinstance(sort, dict) or len(sort) > 10:
        raise FilterError('sort is an object such as {"clock": -1}', path="(sort)")
    for field, direction in sort.items():
        if direction not in (1, -1) or isinstance(direction, bool):
            raise FilterError("the direction is 1 or -1", path=f"(sort.{field})")
    return [(field, direction == -1) for field, direction in sort.items()]


def sort_key(record: Mapping[str, Any], field: str) -> tuple[int, Any]:
    """Return a key that any two values can be compared by: missing, numbers, texts, others."""
    value = lookup(record, field)
    if isinstance(value, int | float):
        return (1, value)
    if isinstance(value, str):
        return (2, value)
    return (0, 0) if value is _MISSING or value is None else (3, str(value))


def lookup(record: Mapping[str, Any], field: str) -> Any:
    """Follow a dotted path; a sentinel that equals nothing where it leads nowhere."""
    value: Any = record
    for part in ("body", "kind") if field == "kind" else field.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _MISSING
        value = value[part]
    return value


def _compile(filter_: object, path: str, depth: int) -> Predicate:
    if not isinstance(filter_, dict):
        raise FilterError("a filter is an object", path=path)
    if depth > _MAX_DEPTH:
        raise FilterError(f"nested deeper than {_MAX_DEPTH} levels", path=path)
    parts = [_clause(name, value, f"{path}.{name}", depth) for name, value in filter_.items()]
    return lambda record: all(part(record) for part in parts)


def _clause(name: str, value: object, path: str, depth: int) -> Predicate:
    if name in {"$and", "$or"}:
        if not isinstance(value, list) or not value:
            raise FilterError("takes a non-empty list of filters", path=path)
        parts = [_compile(part, f"{path}[{i}]", depth + 1) for i, part in enumerate(value)]
        every = all if name == "$and" else any
        return lambda record: every(part(record) for part in parts)
    if name == "$not":
        inner = _compile(value, path, depth + 1)
        return lambda record: not inner(record)
    if name.startswith("$"):
        raise FilterError("is no operator here; fields come first", path=path)
    if isinstance(value, dict) and any(key.startswith("$") for key in value):
        return _field(name, value, path)
    return lambda record: _equal(lookup(record, name), value)


def _field(field: str, operators: dict[str, Any], path: str) -> Predicate:
    tests = []
    for name, operand in operators.items():
        make = _OPERATORS.get(name)
        if make is None:
            raise FilterError(f"is none of {', '.join(sorted(_OPERATORS))}", path=f"{path}.{name}")
        tests.append(make(operand, f"{path}.{name}"))
    return lambda record: all(test(lookup(record, field)) for test in tests)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _comparable(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, int | float) and isinstance(right, int | float):
        return True
    return isinstance(left, str) and isinstance(right, str)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, str], Callable[[Any], bool]]:
    def make(operand: Any, path: str) -> Callable[[Any], bool]:
        if isinstance(operand, bool) or not isinstance(operand, int | float | str):
            raise FilterError("compares with a number or a text", path=path)
        return lambda value: _comparable(value, operand) and compare(value, operand)

    return make


def _membership(*, inside: bool) -> Callable[[Any, str], Callable[[Any], bool]]:
    def make(operand: Any, path: str) -> Callable[[Any], bool]:
        if not isinstance(operand, list):
            raise FilterError("takes a list", path=path)
        return lambda value: any(_equal(value, each) for each in operand) is inside

    return make


def _like(*, ignore_case: bool) -> Callable[[Any, str], Callable[[Any], bool]]:
    def make(operand: Any, path: str) -> Callable[[Any], bool]:
        if not isinstance(operand, str) or len(operand) > _MAX_PATTERN:
            raise FilterError(f"takes a text of at most {_MAX_PATTERN} characters", path=path)
        pattern = operand.casefold() if ignore_case else operand
        if not ignore_case:
            return lambda value: isinstance(value, str) and matches_like(value, pattern)
        return lambda value: isinstance(value, str) and matches_like(value.casefold(), pattern)

    return make


def matches_like(text: str, pattern: str) -> bool:
    """SQL's LIKE: `%` is any text, `_` any one character. Never takes exponential time.

    The pieces between `%` are searched from left to right, each as early as possible.
    """
    first, *rest = pattern.split("%")
    head = _piece(first).match(text)
    if head is None:
        return False
    if not rest:
        return head.end() == len(text)
    position = head.end()
    for piece in rest[:-1]:
        found = _piece(piece).search(text, position)
        if found is None:
            return False
        position = found.end()
    tail = len(text) - len(rest[-1])
    return tail >= position and _piece(rest[-1]).match(text, tail) is not None


@lru_cache(maxsize=512)
def _piece(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if char == "_" else re.escape(char) for char in piece), re.DOTALL)


def _exists(operand: Any, path: str) -> Callable[[Any], bool]:
    if not isinstance(operand, bool):
        raise FilterError("takes true or false", path=path)
    return lambda value: (value is not _MISSING) is operand


_OPERATORS: Final[dict[str, Callable[[Any, str], Callable[[Any], bool]]]] = {
    "$eq": lambda operand, path: lambda value: _equal(value, operand),  # noqa: ARG005
    "$ne": lambda operand, path: lambda value: not _equal(value, operand),  # noqa: ARG005
    "$gt": _ordered(lambda value, operand: value > operand),
    "$gte": _ordered(lambda value, operand: value >= operand),
    "$lt": _ordered(lambda value, operand: value < operand),
    "$lte": _ordered(lambda value, operand: value <= operand),
    "$in": _membership(inside=True),
    "$nin": _membership(inside=False),
    "$like": _like(ignore_case=False),
    "$ilike": _like(ignore_case=True),
    "$exists": _exists,
}
