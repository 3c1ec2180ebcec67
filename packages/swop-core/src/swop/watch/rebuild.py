"""One rebuild: scan, then write the manifests that changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..config import SwopConfig
from ..errors import StateWriteError
from ..manifests import ManifestGenerationResult, ManifestWriter
from ..scan import ScanReport
from ..scan.cache import FingerprintCache
from ..scan.project import ProjectScan
from ..scan.walk import Walk


@dataclass(slots=True)
class WatchRebuild:
    """What a rebuild found and wrote, and the files that asked for it."""

    report: ScanReport
    manifests: ManifestGenerationResult
    changed_files: list[Path] = field(default_factory=list)
    duration_ms: float = 0.0

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        lines = [
            f"[WATCH] rebuilt in {self.duration_ms:.0f} ms ({len(self.changed_files)} change(s) → "
            f"{len(self.report.detections)} detections, "
            f"{len(self.manifests.written)} manifest(s) written)"
        ]
        lines += [f"  -> {item.path}" for item in self.manifests.written]
        lines += [f"  -- {path}" for path in self.manifests.removed]
        lines += [f"  error: {line}" for line in self.report.errors]
        return "\n".join(lines)


class Rebuilder:
    """Rebuilds a project again and again, working out only what a change can touch."""

    def __init__(
        self, config: SwopConfig, *, incremental: bool = True, read_only: bool = False
    ) -> None:
        self.config = config
        self.read_only = read_only
        self.cache = FingerprintCache.for_config(config) if incremental else None
        if self.cache is not None:
            self.cache.load()
        self._loaded_key = self.cache.report_key if self.cache else ""
        self._scan = ProjectScan(config, cache=self.cache)
        self._writer = ManifestWriter(config)

    def warm_up(self) -> None:
        """Scan without writing, so that the next rebuild meets a project it knows."""
        self._writer.prepare(self._scan.run(in_full=True))
        self._scan.remember()

    def rebuild(
        self, changed_files: Iterable[Path] = (), *, found: Walk | None = None
    ) -> WatchRebuild:
        """Scan and write; `changed_files` are only named in the outcome.

        `found` is what a walk has just seen, where there was one.

        Raises:
            StateWriteError: a manifest cannot be written.
        """
        started = time.perf_counter()
        report = self._scan.run(found=found)
        manifests = self._writer.write(report, dry_run=self.read_only)
        duration = (time.perf_counter() - started) * 1000
        return WatchRebuild(report, manifests, sorted(changed_files), duration)

    def save(self) -> None:
        """Write the cache, where there is one; a cache that cannot be written is done without."""
        if self.cache is None or self.read_only:
            return
        self._scan.remember()
        if self.cache.report_key == self._loaded_key:
            return
        try:
            self.cache.save()
            self._loaded_key = self.cache.report_key
        except StateWriteError:
            self.cache = None


def rebuild_once(
    config: SwopConfig,
    *,
    incremental: bool = True,
    changed_files: Iterable[Path] | None = None,
) -> WatchRebuild:
    """Scan a project and write its manifests, once.

    Raises:
        StateWriteError: a manifest cannot be written.
    """
    rebuilder = Rebuilder(config, incremental=incremental)
    outcome = rebuilder.rebuild(changed_files or ())
    rebuilder.save()
    return outcome
