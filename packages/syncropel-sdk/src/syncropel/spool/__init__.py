"""The spool: accepted means on the disk, and what is on the disk is sent, once."""

from .drain import Drain
from .records import Entry, SpooledRecord, SpoolStats, State
from .spool import Spool, WhenFull

__all__ = ["Drain", "Entry", "Spool", "SpoolStats", "SpooledRecord", "State", "WhenFull"]
