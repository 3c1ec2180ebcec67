"""Knowing without rendering that manifests are up to date.

After a generation the cache notes what the manifests were made from and the stamps of their
files. While both are the same, nothing needs to be rendered or read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .._version import VERSION
from ..config import SwopConfig
from ..errors import StateWriteError
from ..files import write_atomically
from ..names import path_segment_problem
from ..scan.report import ScanReport
from .entries import BLOCKS


def origin_of(report: ScanReport, config: SwopConfig, *, skip_heuristics: bool) -> str:
    """What the bytes of all manifests depend on; empty where that cannot be told."""
    if not report.key:
        return ""
    bus = asdict(config.bus) if config.bus else None
    contexts = [[item.name, item.external] for item in config.bounded_contexts]
    parts = [VERSION, report.key, bus, contexts, skip_heuristics]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def recall_files(folder: Path, state: Path, origin: str) -> list[list[Any]] | None:
    """Rows [context, kind, name, entries] of manifests that are still as they were written."""
    try:
        noted = json.loads(_path(state).read_bytes())
        if not origin or noted["origin"] != origin or noted["folder"] != str(folder):
            return None
        for row, stamp in noted["files"]:
            context, kind, name, entries = row
            if kind not in BLOCKS or name != f"{BLOCKS[kind]}.yml" or not isinstance(entries, int):
                return None
            if path_segment_problem(context) or _stamp(folder / row[0] / row[2]) != stamp:
                return None
        current = {str(row[0]) for row, _ in noted["files"]}
        if {path.name for path in folder.iterdir()} != current:
            return None  # a context came or went
        return [row for row, _ in noted["files"]]
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def note_files(folder: Path, state: Path, origin: str, rows: Sequence[Sequence[Any]]) -> None:
    """Note what was written; without a cache to write to, the next generation renders again."""
    if not origin or not _path(state).parent.is_dir():
        return
    try:
        files = [[list(row), _stamp(folder / row[0] / row[2])] for row in rows]
        noted = {"origin": origin, "folder": str(folder), "files": files}
        write_atomically(_path(state), json.dumps(noted).encode())
    except (OSError, StateWriteError):
        return


def _path(state: Path) -> Path:
    return state / "cache" / "manifests.json"


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size]
