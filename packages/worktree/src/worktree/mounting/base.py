"""The published mounter: constructs first, then loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..items import Worktree
from .accessible import AgnosticCollection
from .protocol import Mounter

Tree = TypeVar("Tree", bound=Worktree)


@dataclass(frozen=True)
class BaseMounter(Mounter):
    """Mounts trees on a root collection.

    The whole tree is constructed from the initial states before anything is read, so a required
    value has to be given at every mount, even where a valid one is stored; `worktree.mount`
    loads first and asks only for what is missing.
    """

    root: AgnosticCollection

    def mount(self, tree: type[Tree], initial_states: Mapping[str, Any] | None = None) -> Tree:
        """Construct the tree, then sync it."""
        mounted = tree(self.root, initial_states)
        mounted.sync()
        return mounted
