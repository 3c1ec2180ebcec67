"""Typed trees of artifacts that survive crashes, conflicts and other people's edits."""

from . import artifacts, errors
from .errors import WorktreeError
from .items import Anchor, Artifact, LayoutAnchor, Worktree
from .tree import mount, plan, reload, status, transaction

__all__ = [
    "Anchor",
    "Artifact",
    "LayoutAnchor",
    "Worktree",
    "WorktreeError",
    "artifacts",
    "errors",
    "mount",
    "plan",
    "reload",
    "status",
    "transaction",
]
