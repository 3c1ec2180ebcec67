"""Which rows are held out to measure the loss on rows that were not trained on.

The choice is a hash of the row, not a shuffle of the file: a row keeps its side when others
are added or reordered. Rows of one commit, and equal rows, stay on one side: a model must
not be measured on what it saw.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .rows import AnyRow, ChatRow


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to train on, and rows held out."""

    train: tuple[AnyRow, ...]
    held_out: tuple[AnyRow, ...]


def split_rows(rows: Sequence[AnyRow], *, fraction: float, seed: int) -> Split:
    """Hold out about `fraction` of the rows, never more than twice that, and never all.

    Where every commit has more rows than that, none is held out.
    """
    groups: dict[str, list[AnyRow]] = defaultdict(list)
    for row in rows:
        groups[_group(row)].append(row)
    order = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest())
    wanted = max(1, round(fraction * len(rows))) if fraction > 0 else 0
    held: set[str] = set()
    count = 0
    for name in order:
        # A group that would hold out far more than was asked for stays for training.
        if count < wanted and count + len(groups[name]) <= min(2 * wanted, len(rows) - 1):
            held.add(name)
            count += len(groups[name])
    return Split(
        train=tuple(row for row in rows if _group(row) not in held),
        held_out=tuple(row for row in rows if _group(row) in held),
    )


def _group(row: AnyRow) -> str:
    commit = row.metadata.get("commit")
    if isinstance(commit, str) and commit:
        return f"commit {commit}"
    if isinstance(row, ChatRow):
        content = [[message.role, message.content] for message in row.messages]
    else:
        content = [[row.task, row.diff]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
