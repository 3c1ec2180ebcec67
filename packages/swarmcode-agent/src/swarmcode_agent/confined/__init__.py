"""Files beneath one folder that nothing leaves."""

from .folder import ConfinedFolder, Entry, Loaded, is_git

__all__ = ["ConfinedFolder", "Entry", "Loaded", "is_git"]
