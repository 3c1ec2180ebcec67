"""The published way to look at a layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..layout import layout_of


class TypedField(NamedTuple):
    """A field of a tree: its name, the class that is mounted, and the annotation as written."""

    name: str
    t: type[Any]
    source: Any


def get_worktree_items(scanned_type: type) -> Iterator[TypedField]:
    """The fields that a class mounts, in the order of their declaration."""
    for field in layout_of(scanned_type):
        yield TypedField(field.name, field.type, field.source)
