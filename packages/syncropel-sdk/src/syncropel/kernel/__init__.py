"""The kernel: a pure state machine over a small store, and the doors that lead to it.

`Kernel` decides what is a record and what is stored. `answer` turns a `Request` into a
`Reply` for every documented door. `watch_events` is the event stream of a thread.
"""

from .check import Checked, Refusal, check_record, parse_json
from .doors import PROTOCOL, Reply, Request, answer
from .machine import Admission, Ingested, Kernel, KernelLimits
from .memory import MemoryStore
from .store import Selection, Store, StoreCeilingError, StoredRecord, ThreadState
from .watch import Watch, watch_events

__all__ = [
    "PROTOCOL",
    "Admission",
    "Checked",
    "Ingested",
    "Kernel",
    "KernelLimits",
    "MemoryStore",
    "Refusal",
    "Reply",
    "Request",
    "Selection",
    "Store",
    "StoreCeilingError",
    "StoredRecord",
    "ThreadState",
    "Watch",
    "answer",
    "check_record",
    "parse_json",
    "watch_events",
]
