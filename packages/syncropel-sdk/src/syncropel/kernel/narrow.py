"""Which records a filter can match at all, as a selection that an index can answer. Pure.

The filter itself is still applied to every record that the selection visits, so narrowing may
be incomplete but must never leave out a match.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from .store import Selection

_INDEXED: Final = {"thread": "thread", "actor": "actor", "kind": "kind", "body.kind": "kind"}


def narrow(filter_: Mapping[str, Any], selection: Selection) -> Selection:
    """Return the selection with what every match of a (compiled) filter has in common."""
    for field, operator, operand in _conjuncts(filter_):
        name = _INDEXED.get(field)
        free = name is not None and getattr(selection, name) is None
        if free and operator == "$eq" and isinstance(operand, str):
            criterion: dict[str, Any] = {str(name): operand}
            selection = replace(selection, **criterion)
    return selection


def _conjuncts(filter_: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Visit what has to hold for every match: (field, operator, operand)."""
    for name, value in filter_.items():
        if name == "$and":
            for part in value:
                yield from _conjuncts(part)
        elif name.startswith("$"):
            continue
        elif isinstance(value, dict) and any(key.startswith("$") for key in value):
            yield from ((name, operator, operand) for operator, operand in value.items())
        else:
            yield name, "$eq", value
