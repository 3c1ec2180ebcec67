"""What the watched files look like, by their stamps: found with `scandir`, compared exactly."""

from __future__ import annotations

from pathlib import Path

from ..config import SwopConfig
from ..scan.walk import walk

Snapshot = dict[str, tuple[int, int, int]]


def take_snapshot(config: SwopConfig, suffixes: tuple[str, ...]) -> Snapshot:
    """The stamp of every watched file, by path."""
    files = walk(config, suffixes=suffixes).files
    return {file.path: (file.modified_ns, file.changed_ns, file.size) for file in files}


def changes_between(before: Snapshot, now: Snapshot) -> list[Path]:
    """The files that are new, changed or gone, sorted."""
    return [
        Path(path)
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)
    ]
