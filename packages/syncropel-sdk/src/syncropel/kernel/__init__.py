"""The kernel: a pure state machine over a small store, and the doors that lead to it.

`Kernel` decides what is a record and what is stored. `answer` turns a `Request` into a
`Reply` for every documented door. A `Watchtower` serves the event streams of
threads.
"""

from .check import Checked, Refusal, check_record, parse_json
from .doors import answer, prepare
from .machine import Admission, Ingested, Kernel, KernelLimits, Listener
from .memory import MemoryStore
from .reads import PROTOCOL
from .requests import Intake, Reply, Request
from .sqlite import SqliteStore
from .store import Selection, Slot, Store, StoreCeilingError, StoredRecord, ThreadState
from .trouble import refusal_of
from .watch import Watch, Watchtower

__all__ = [
    "PROTOCOL",
    "Admission",
    "Checked",
    "Ingested",
    "Intake",
    "Kernel",
    "KernelLimits",
    "Listener",
    "MemoryStore",
    "Refusal",
    "Reply",
    "Request",
    "Selection",
    "Slot",
    "SqliteStore",
    "Store",
    "StoreCeilingError",
    "StoredRecord",
    "ThreadState",
    "Watch",
    "Watchtower",
    "answer",
    "check_record",
    "parse_json",
    "prepare",
    "refusal_of",
]
