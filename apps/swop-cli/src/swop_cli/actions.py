"""What the commands do, once their options are known. Nothing here needs the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import exits
from .modes import Mode
from .output import remark, show, show_json
from .progress import scan_progress

if TYPE_CHECKING:
    from swop import ManifestGenerationResult, ScanReport, SwopConfig


@dataclass(frozen=True, slots=True)
class Action:
    """Options that every command on a project has."""

    mode: Mode = Mode.SOFT
    root: Path = Path()
    config: Path | None = None
    incremental: bool = True

    def with_options(self, options: Mapping[str, Any]) -> Action:
        """The same action with other options."""
        return replace(self, **options)

    def run(self) -> int:
        """Do it and return the exit code."""
        raise TypeError(f"{type(self).__name__} does nothing")

    def settings(self) -> SwopConfig:
        """The project's configuration: as named, or in the project's folder."""
        from swop import load_config

        return load_config(self.config if self.config is not None else self.root / "swop.yaml")

    def report(self, settings: SwopConfig, *, check_all: bool) -> ScanReport:
        """Scan, with progress where somebody looks."""
        from swop import scan_project

        with scan_progress() as progress:
            return scan_project(
                settings,
                incremental=self.incremental and self.mode.may_write,
                check_all=check_all,
                progress=progress,
            )


@dataclass(frozen=True, slots=True)
class Scan(Action):
    """`swop scan`."""

    shape: str = "text"
    json_out: Path | None = None
    html_out: Path | None = None
    strict_heuristics: bool = False
    strict_errors: bool = False

    def run(self) -> int:
        """Print the report; exit code 1 for errors and for what strict options forbid."""
        strict = self.strict_errors or self.mode is Mode.STRICT
        report = self.report(self.settings(), check_all=strict)
        self._write(report)
        self._show(report)
        remark(report.warnings, prefix="warning: ")
        remark(report.errors)
        findings: list[str] = []
        guessed = report.via().get("heuristic", 0)
        if self.strict_heuristics and guessed:
            findings.append(f"[SCAN] {guessed} detections via heuristic (strict mode: failing)")
        if strict and not report.files_total:
            findings.append(
                "[SCAN] no file was scanned: check source_roots and exclude in swop.yaml"
            )
        remark(findings)
        return exits.FINDINGS if report.errors or findings else exits.OK

    def _show(self, report: ScanReport) -> None:
        if self.shape == "json":
            show_json(report.to_dict())
        elif self.shape == "html":
            show(_html(report))
        else:
            show(report.format_text(details=False))

    def _write(self, report: ScanReport) -> None:
        from swop.files import write_atomically

        if self.json_out is not None:
            text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"
            write_atomically(self.json_out, text.encode())
            remark([f"[SCAN] report (json) -> {self.json_out}"])
        if self.html_out is not None:
            write_atomically(self.html_out, _html(report).encode())
            remark([f"[SCAN] report (html) -> {self.html_out}"])


@dataclass(frozen=True, slots=True)
class GenManifests(Action):
    """`swop gen manifests`."""

    out: Path | None = None
    skip_heuristics: bool = False
    as_json: bool = False

    def run(self) -> int:
        """Write what changed; exit code 1 when a file could not be read."""
        from swop import generate_manifests

        settings = self.settings()
        report = self.report(settings, check_all=self.mode is Mode.STRICT)
        held_back = not self.mode.may_write or (self.mode is Mode.STRICT and bool(report.errors))
        result = generate_manifests(
            report,
            settings,
            out_dir=self.out,
            skip_heuristics=self.skip_heuristics,
            dry_run=held_back,
        )
        if self.as_json:
            show_json(_shape(result, report.errors, held_back=held_back))
            remark(result.warnings, prefix="warning: ")
        else:
            show(result.format())
        if held_back:
            remark(["[GEN] nothing was written"])
        remark(report.warnings, prefix="warning: ")
        remark(report.errors)
        return exits.FINDINGS if report.errors else exits.OK


def _html(report: ScanReport) -> str:
    from .render.html import render_report

    return render_report(report)


def _shape(
    result: ManifestGenerationResult, errors: list[str], *, held_back: bool
) -> dict[str, Any]:
    return {
        "out_dir": str(result.out_dir),
        "written": not held_back,
        "files": [
            {
                "context": item.context,
                "kind": item.kind,
                "path": str(item.path),
                "entries": item.entries,
                "changed": item.written,
            }
            for item in result.files
        ],
        "removed": [str(path) for path in result.removed],
        "warnings": list(result.warnings),
        "errors": errors,
    }
