"""Where a snapshot comes from, and what is not in it: the two records beside the files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from ..code_map import Totals
from ..code_parser import CodeParser
from .config import IngestConfig
from .history import History
from .reading import Reading
from .source import Source, git_version, remote_of

FOLDER = ".swarmcode"
HISTORY = f"{FOLDER}/history.git"
PROVENANCE = f"{FOLDER}/provenance.json"
REPORT = f"{FOLDER}/report.json"

_FORMAT = 1
# What the files of a snapshot do not depend on.
_NOT_RULES = ("source", "output_dir", "jobs")


def tool_version() -> str:
    """Return the version of this package."""
    return metadata.version("swarmcode-agent")


def rules_of(config: IngestConfig) -> dict[str, Any]:
    """Return the settings that a snapshot's content depends on."""
    return {key: value for key, value in asdict(config).items() if key not in _NOT_RULES}


def provenance(
    source: Source,
    history: History | None,
    config: IngestConfig,
    parser: CodeParser,
    *,
    reading: Reading,
    totals: Totals,
    ingested_at: str,
) -> dict[str, Any]:
    """Return the record of where a snapshot comes from."""
    remote = remote_of(source.folder) if source.kind == "path" and source.folder else None
    return {
        "format": _FORMAT,
        "origin": source.shown,
        "origin_kind": source.kind,
        "remote": remote,
        "commit": history.commit if history else None,
        "branch": history.branch if history else None,
        "committed_at": history.committed_at if history else None,
        "worktree": config.worktree,
        "shallow": asdict(history.shallow) if history and history.shallow else None,
        "history": HISTORY if history and config.keep_history else None,
        "submodules": {e.path: e.detail for e in reading.left_out if e.reason == "submodule"},
        "lfs_pointers": [e.path for e in reading.left_out if e.reason == "git-lfs pointer"],
        "licences": [
            {"path": path, "spdx": spdx, "how": how} for path, spdx, how in reading.licences
        ],
        "tool": "swarmcode-agent",
        "tool_version": tool_version(),
        "parser": parser.version,
        "git": git_version(),
        "settings": rules_of(config),
        "totals": asdict(totals),
        "left_out": reading.reasons,
        "ingested_at": ingested_at,
    }


def report(reading: Reading, notes: Sequence[str]) -> dict[str, Any]:
    """Return the record of what is not in a snapshot, file by file."""
    return {
        "notes": list(notes),
        "counts": reading.reasons,
        "left_out": [asdict(each) for each in reading.left_out],
        "secrets": [
            {"path": path, "line": line, "kind": kind} for path, line, kind in reading.secrets
        ],
        "problems": [{"path": path, "problem": problem} for path, problem in reading.problems],
    }


def notes_of(reading: Reading, history: History | None, inside: str | None) -> list[str]:
    """Return the sentences that a person should read."""
    notes = []
    if history is not None and history.shallow is not None:
        notes.append(history.shallow.sentence)
    if inside is not None:
        notes.append(f"the output folder lies in the source: add {inside}/ to its .gitignore")
    counted = reading.reasons
    for reason, told in (
        ("secret", "left out because they hold secrets; the history still has them"),
        ("submodule", "submodules, named and not followed"),
        ("git-lfs pointer", "git-lfs pointers, named and not fetched"),
        ("symlink", "symlinks, named and not followed"),
        ("unsafe name", "left out because of their names"),
        ("unreadable", "could not be read"),
    ):
        if count := counted.get(reason):
            notes.append(f"{count} × {told}")
    return notes


def write_record(path: Path, value: Mapping[str, Any]) -> None:
    """Write a record as JSON for people and programs."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
