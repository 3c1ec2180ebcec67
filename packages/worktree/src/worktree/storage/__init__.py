"""Back ends, and the contract that a back end of your own fulfils."""

from .contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    MakeFolder,
    Members,
    Put,
    Remove,
    Selection,
    Storage,
    Stored,
    Token,
)
from .filesystem import FilesystemStorage
from .memory import MemoryStorage

__all__ = [
    "Capabilities",
    "Change",
    "Contents",
    "Entry",
    "Expected",
    "FilesystemStorage",
    "MakeFolder",
    "Members",
    "MemoryStorage",
    "Put",
    "Remove",
    "Selection",
    "Storage",
    "Stored",
    "Token",
]
