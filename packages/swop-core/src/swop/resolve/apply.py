"""`swop resolve --apply`: what is agreed becomes the new baseline, deletions included.

An artifact with an error that nobody accepted stays in the manifests as it was; everything
else is written as the code says. What was held back is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import SwopConfig
from ..files import write_if_changed
from ..manifests.entries import BLOCKS
from ..manifests.write import manifest_bytes
from ..scan.report import ScanReport
from .baseline import Baseline, folder_baseline, git_baseline
from .current import current_of
from .report import ResolutionReport

Contents = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written and removed, and the artifacts that were held back."""

    folder: Path
    written: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        lines = [
            f"[RESOLVE] {len(self.written)} manifest(s) written, {len(self.removed)} removed, "
            f"{len(self.held_back)} artifact(s) held back"
        ]
        lines += [f"  -> {path}" for path in self.written]
        lines += [f"  -- {path}" for path in self.removed]
        lines += [f"  held back: {name} (accept its errors first)" for name in self.held_back]
        return "\n".join(lines)


def apply_agreed(
    report: ScanReport,
    config: SwopConfig,
    resolution: ResolutionReport,
    *,
    manifests_dir: Path | None = None,
    against: str | None = None,
    out_dir: Path | None = None,
) -> Applied:
    """Write the manifests that follow from a resolution, made of the same scan and baseline.

    Raises:
        BaselineError, ManifestError: a side is not what it was.
        StateWriteError: a manifest cannot be written.
    """
    current = current_of(report, config)
    baseline = git_baseline(config, against) if against else folder_baseline(config, manifests_dir)
    folder = out_dir or config.manifests_path
    applied = Applied(folder)
    contents = {key: dict(value) for key, value in current.contents.items()}
    applied.held_back.extend(_hold_back(contents, baseline, resolution))
    for (context, name), content in sorted(contents.items()):
        path = folder / context / name
        if write_if_changed(path, manifest_bytes(content)):
            applied.written.append(path)
    for context, name in sorted(baseline.files.keys() - contents.keys()):
        path = folder / context / name
        if path.exists():
            path.unlink()
            applied.removed.append(path)
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
    return applied


def apply_resolution(
    report: ScanReport,
    config: SwopConfig,
    resolution: ResolutionReport,
    *,
    out_dir: Path | None = None,
) -> Path:
    """Write what is agreed, and return the folder of the manifests; see `apply_agreed`."""
    return apply_agreed(report, config, resolution, out_dir=out_dir).folder


def _hold_back(contents: Contents, baseline: Baseline, resolution: ResolutionReport) -> list[str]:
    """Put the baseline's entries back for artifacts with errors; return their names."""
    held: dict[str, None] = {}
    for change in resolution.breaking:
        if change.new_key is not None:
            context, kind, key = change.new_key
            name = f"{BLOCKS[kind]}.yml"  # type: ignore[index]
            block = contents.get((context, name), {}).get(name.removesuffix(".yml"), {})
            block.pop(key, None)
        if change.old_key is not None:
            context, kind, key = change.old_key
            name = f"{BLOCKS[kind]}.yml"  # type: ignore[index]
            entry = _old_entry(baseline, (context, name), key)
            _put(contents, (context, name), key, entry)
        held[change.where.removesuffix(f".{change.field}")] = None
    return list(held)


def _put(contents: Contents, file: tuple[str, str], key: str, entry: dict[str, Any]) -> None:
    block = file[1].removesuffix(".yml")
    content = contents.setdefault(file, {"version": 1, "context": file[0], block: {}})
    entries = {**content[block], key: entry}
    content[block] = {name: entries[name] for name in sorted(entries)}


def _old_entry(baseline: Baseline, file: tuple[str, str], key: str) -> dict[str, Any]:
    """An entry as the baseline states it, in the form in which manifests are written."""
    from .._yaml import parse_yaml

    block = parse_yaml(baseline.files[file])[file[1].removesuffix(".yml")]
    if isinstance(block, Mapping):
        return dict(block[key])
    entry = next(item for item in block if item["name"] == key)
    return {name: value for name, value in entry.items() if name != "name"}
