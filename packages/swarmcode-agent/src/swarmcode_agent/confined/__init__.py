"""Files beneath one folder that nothing leaves."""

from .folder import ConfinedFolder, Entry, is_git

__all__ = ["ConfinedFolder", "Entry", "is_git"]
