"""The published contract: the classes that trees are made of, under their published path."""

from .errors import MissingInitialStateError
from .items import Anchor, Artifact, BaseWorktreeItem, LayoutAnchor, Worktree, WorktreeItem
from .mounting.scanning import TypedField, get_worktree_items

__all__ = [
    "Anchor",
    "Artifact",
    "BaseWorktreeItem",
    "LayoutAnchor",
    "MissingInitialStateError",
    "TypedField",
    "Worktree",
    "WorktreeItem",
    "get_worktree_items",
]
