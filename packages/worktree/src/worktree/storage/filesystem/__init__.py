"""The filesystem driver."""

from .rescued import Rescued
from .storage import Durability, FilesystemStorage

__all__ = ["Durability", "FilesystemStorage", "Rescued"]
