"""Typed trees of artifacts that survive crashes, conflicts and other people's edits."""

from .errors import WorktreeError

__all__ = ["WorktreeError"]
