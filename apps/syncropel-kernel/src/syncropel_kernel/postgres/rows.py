"""Records as rows: digests for what is looked up, numbers for words. Pure."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

from syncropel.kernel import StoredRecord
from syncropel.kernel.memory import refs_of
from syncropel.kernel.search import words_in

_written: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Row = tuple[Any, ...]


def digest(name: str) -> bytes:
    """Return what a thread, an actor, a kind or a ref is looked up by."""
    return blake2b(name.encode(), digest_size=16).digest()


def number_of(word: str) -> int:
    """Return a word as a signed 64-bit number; two words hardly ever share one."""
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), signed=True)


def record_row(record: StoredRecord) -> Row:
    """Return a record as a row of `syncropel_records`."""
    kind = record["body"].get("kind")
    return (
        record["sequence"],
        bytes.fromhex(record["id"]),
        digest(record["thread"]),
        digest(record["actor"]),
        digest(kind) if isinstance(kind, str) else None,
        record["clock"],
        [number_of(word) for word in set(words_in(record["body"]))],
        _written(record),
    )


def ref_rows(records: Sequence[StoredRecord]) -> list[Row]:
    """Return what records refer to, as rows of `syncropel_refs`."""
    return [(digest(ref), each["sequence"]) for each in records for ref in refs_of(each)]


def thread_rows(records: Sequence[StoredRecord]) -> list[Row]:
    """Return how threads grew, as rows of `syncropel_threads`."""
    grown: dict[str, list[int]] = {}
    for record in records:
        sequence = record["sequence"]
        seen = grown.setdefault(record["thread"], [sequence, 0, 0])
        seen[1], seen[2] = seen[1] + 1, sequence
    return [(digest(name), name.encode(), *seen) for name, seen in grown.items()]


def clock_rows(records: Sequence[StoredRecord]) -> list[Row]:
    """Return each actor's highest clock in each thread, as rows of `syncropel_clocks`."""
    highest: dict[tuple[str, str], int] = {}
    for record in records:
        lane = (record["thread"], record["actor"])
        highest[lane] = max(highest.get(lane, 0), record["clock"])
    return [
        (digest(thread), digest(actor), actor.encode(), clock)
        for (thread, actor), clock in highest.items()
    ]
