"""The filesystem driver."""

from .storage import Durability, FilesystemStorage

__all__ = ["Durability", "FilesystemStorage"]
