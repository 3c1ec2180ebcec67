"""What mounts trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ..decorators import not_implemented
from ..items import Worktree

Tree = TypeVar("Tree", bound=Worktree)


class Mounter:
    """Turns a class of tree into a tree that is loaded."""

    @not_implemented
    def mount(self, tree: type[Tree], initial_states: Mapping[str, Any] | None = None) -> Tree:  # type: ignore[empty-body]
        """Mount."""
