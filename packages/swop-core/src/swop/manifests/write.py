"""Writing manifests: deterministic, and only where something changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import SwopConfig
from ..errors import StateWriteError
from ..files import differs, is_inside, write_atomically, write_if_changed
from ..names import path_segment_problem
from ..scan.report import Detection, ScanReport
from ..scan.vocabulary import DetectionKind
from .entries import BLOCKS, manifest_content
from .unchanged import note_files, origin_of, recall_files
from .yaml_text import to_yaml

_NOTE = "# Written by `swop gen manifests`: change the code, not this file.\n"
_IGNORED = "cache/\ngenerated/\nreports/\n*.tmp\n"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One manifest; `written` says whether its bytes changed."""

    context: str
    kind: DetectionKind
    path: Path
    entries: int
    written: bool = False


@dataclass(slots=True)
class ManifestGenerationResult:
    """What a generation made; `removed` are manifests of contexts that are no more."""

    files: list[ManifestFile] = field(default_factory=list)
    out_dir: Path | None = None
    removed: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def total_entries(self) -> int:
        """The number of artifacts in all manifests."""
        return sum(item.entries for item in self.files)

    @property
    def written(self) -> list[ManifestFile]:
        """The manifests whose bytes changed."""
        return [item for item in self.files if item.written]

    def by_context(self) -> dict[str, list[ManifestFile]]:
        """The manifests of each context."""
        grouped: dict[str, list[ManifestFile]] = {}
        for item in self.files:
            grouped.setdefault(item.context, []).append(item)
        return grouped

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        lines = [f"[GEN] {len(self.files)} manifest file(s), {len(self.written)} written"]
        lines += [
            f"  {'->' if item.written else '=='} {item.path} ({item.entries} {item.kind}(s))"
            for item in self.files
            if item.entries or item.written
        ]
        lines += [f"  -- {path} (its context is no more)" for path in self.removed]
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)


class ManifestWriter:
    """Writes the manifests of a project again and again, rendering only what changed."""

    def __init__(self, config: SwopConfig, *, out_dir: Path | None = None) -> None:
        self.config = config
        self.out_dir = out_dir or config.manifests_path
        self._rendered: dict[
            Path, tuple[list[Detection], dict[tuple[str, str], list[str]], bytes]
        ] = {}

    def write(
        self, report: ScanReport, *, skip_heuristics: bool = False, dry_run: bool = False
    ) -> ManifestGenerationResult:
        """Bring the manifests up to date; with `dry_run` only say what would be written.

        Raises:
            StateWriteError: a manifest cannot be written. Those written before it stay.
        """
        result = ManifestGenerationResult(out_dir=self.out_dir)
        origin = origin_of(report, self.config, skip_heuristics=skip_heuristics)
        rows = recall_files(self.out_dir, self.config.state_path, origin)
        if rows is not None:
            for context, kind, name, entries in rows:
                path = self.out_dir / context / name
                result.files.append(ManifestFile(context, kind, path, entries))
            return result
        if not dry_run and self.out_dir == self.config.manifests_path:
            _keep_caches_out_of_git(self.config.state_path)
        for context, kind, detections, emits_of in self._groups(
            report, skip_heuristics=skip_heuristics
        ):
            path = self.out_dir / context / f"{BLOCKS[kind]}.yml"
            data = self._render(path, context, kind, detections, emits_of)
            self._confine(path)
            written = differs(path, data) if dry_run else write_if_changed(path, data)
            result.files.append(ManifestFile(context, kind, path, len(detections), written))
            result.warnings += _doubles(context, kind, detections)
        if not report.errors:  # a file that cannot be read may hold what is missing
            result.removed = self._remove_stale(result.files, dry_run=dry_run)
        if not dry_run and not result.warnings and not report.errors:
            noted = [
                (item.context, item.kind, item.path.name, item.entries) for item in result.files
            ]
            note_files(self.out_dir, self.config.state_path, origin, noted)
        return result

    def prepare(self, report: ScanReport) -> None:
        """Render without writing: the next `write` renders only what changed since."""
        for context, kind, detections, emits_of in self._groups(report, skip_heuristics=False):
            path = self.out_dir / context / f"{BLOCKS[kind]}.yml"
            self._render(path, context, kind, detections, emits_of)

    def laid_out(
        self, report: ScanReport
    ) -> Iterator[tuple[str, DetectionKind, list[Detection], dict[str, Any], bytes]]:
        """Each manifest as it would be: context, kind, artifacts, content and bytes."""
        for context, kind, detections, emits_of in self._groups(report, skip_heuristics=False):
            content = manifest_content(
                context, kind, detections, bus=self.config.bus, emits_of=emits_of
            )
            yield context, kind, detections, content, manifest_bytes(content)

    def _confine(self, path: Path) -> None:
        """Refuse a folder that a symbolic link has moved out of the manifests' folder."""
        if not is_inside(os.path.realpath(path), os.path.realpath(self.out_dir)):
            raise StateWriteError("a symbolic link leads out of the manifests' folder", path=path)

    def _groups(
        self, report: ScanReport, *, skip_heuristics: bool
    ) -> Iterator[tuple[str, DetectionKind, list[Detection], dict[tuple[str, str], list[str]]]]:
        wanted = [d for d in report.detections if not (skip_heuristics and d.via == "heuristic")]
        emits_of = {(d.source_file, d.class_name): d.emits for d in wanted if d.kind == "handler"}
        grouped: dict[tuple[str, str], list[Detection]] = {}
        for detection in wanted:
            grouped.setdefault((detection.context, detection.kind), []).append(detection)
        contexts = {context for context, kind in grouped if kind != "handler"}
        contexts.update(c.name for c in self.config.bounded_contexts if not c.external)
        for context in sorted(contexts):
            if path_segment_problem(context):
                raise StateWriteError(
                    "a manifest's folder is named like its context, which this name forbids",
                    path=self.out_dir / repr(context),
                )
            for kind in BLOCKS:
                group = grouped.get((context, kind), [])
                handlers = {(h.file, h.cls) for d in group for h in d.handlers}
                emits = {key: emits_of[key] for key in sorted(handlers) if key in emits_of}
                yield context, kind, group, emits

    def _render(
        self,
        path: Path,
        context: str,
        kind: DetectionKind,
        detections: list[Detection],
        emits_of: dict[tuple[str, str], list[str]],
    ) -> bytes:
        before = self._rendered.get(path)
        if before is not None and before[0] == detections and before[1] == emits_of:
            return before[2]
        content = manifest_content(
            context, kind, detections, bus=self.config.bus, emits_of=emits_of
        )
        data = manifest_bytes(content)
        self._rendered[path] = (detections, emits_of, data)
        return data

    def _remove_stale(self, files: list[ManifestFile], *, dry_run: bool) -> list[Path]:
        """Remove manifests that this tool wrote for contexts that are no more."""
        current = {item.path for item in files}
        stale = [
            path
            for block in BLOCKS.values()
            for path in sorted(self.out_dir.glob(f"*/{block}.yml"))
            if path not in current and _is_ours(path)
        ]
        if not dry_run:
            for path in stale:
                try:
                    path.unlink()
                    if not any(path.parent.iterdir()):
                        path.parent.rmdir()
                except OSError as error:
                    raise StateWriteError(
                        f"cannot be removed: {error.strerror}", path=path
                    ) from None
        return sorted(stale)


def manifest_bytes(content: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest's file."""
    return (_NOTE + to_yaml(content)).encode()


def generate_manifests(
    report: ScanReport,
    config: SwopConfig,
    *,
    out_dir: Path | None = None,
    skip_heuristics: bool = False,
    dry_run: bool = False,
) -> ManifestGenerationResult:
    """Write three manifests for each context: commands, queries and events.

    The bytes depend on the artifacts alone, never on the order of files, the hash seed or
    the system. A file is touched only when its bytes change. With `dry_run` nothing is
    written, and `written` says what would be.

    Raises:
        StateWriteError: a manifest cannot be written.
    """
    writer = ManifestWriter(config, out_dir=Path(out_dir) if out_dir else None)
    return writer.write(report, skip_heuristics=skip_heuristics, dry_run=dry_run)


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_NOTE.encode())) == _NOTE.encode()
    except OSError:
        return False


def _doubles(context: str, kind: DetectionKind, detections: list[Detection]) -> list[str]:
    places: dict[str, list[str]] = {}
    for item in detections:
        places.setdefault(item.name, []).append(f"{item.source_file}:{item.source_line}")
    return [
        f"{where[0]}: the context {context!r} has {len(where)} {BLOCKS[kind]} named {name!r} "
        f"(also {', '.join(where[1:])}): rename one"
        for name, where in places.items()
        if len(where) > 1
    ]


def _keep_caches_out_of_git(state: Path) -> None:
    ignore = state / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, _IGNORED.encode())
