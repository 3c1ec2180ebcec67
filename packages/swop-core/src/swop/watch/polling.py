"""What the watched files look like, by their stamps, compared exactly."""

from __future__ import annotations

from pathlib import Path

from ..scan.walk import Walk

Snapshot = dict[str, tuple[int, int, int]]


def snapshot_of(found: Walk) -> Snapshot:
    """The stamp of every file that a walk has found, by path."""
    return {file.path: (file.modified_ns, file.changed_ns, file.size) for file in found.files}


def changes_between(before: Snapshot, now: Snapshot) -> list[Path]:
    """The files that are new, changed or gone, sorted."""
    return [
        Path(path)
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)
    ]
