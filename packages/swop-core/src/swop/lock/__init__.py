"""The committed numbers of fields and enum values: given once, never to anything else."""

from ..config.model import LOCK_NAME
from .assign import Rename, Wanted, assign, likely_renames
from .model import ContextLock, Lock, Numbered, Numbers
from .read import parse_lock, read_lock
from .write import lock_bytes

__all__ = [
    "LOCK_NAME",
    "ContextLock",
    "Lock",
    "Numbered",
    "Numbers",
    "Rename",
    "Wanted",
    "assign",
    "likely_renames",
    "lock_bytes",
    "parse_lock",
    "read_lock",
]
