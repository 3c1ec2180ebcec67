"""What `swop resolve` does, once its options are known."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import exits
from .actions import Action
from .modes import Mode
from .output import remark, show, show_json

if TYPE_CHECKING:
    from swop import ResolutionReport, ScanReport, SwopConfig

Shape = Literal["text", "json", "sarif", "junit", "github"]
DEFAULT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Resolve(Action):
    """`swop resolve`."""

    shape: Shape = "text"
    manifests: Path | None = None
    against: str | None = None
    strict: bool = False
    apply: bool = False
    accept_breaking: str | None = None
    accept_days: int = DEFAULT_DAYS
    out: Path | None = None

    def run(self) -> int:
        """Compare and tell; exit code 1 for errors where strictness was asked for."""
        settings = self.settings()
        report = self.report(settings, check_all=False)
        resolution = self._resolution(report, settings)
        if resolution.changes and self.incremental and self.mode.may_write:
            _remember(settings)
        if self.accept_breaking is not None and resolution.breaking:
            resolution = self._accept(report, settings, resolution)
        self._tell(resolution)
        remark(resolution.remarks, prefix="warning: ")
        remark(report.warnings, prefix="warning: ")
        held_back = self.apply and self._apply(report, settings, resolution)
        strict = self.strict or self.mode is Mode.STRICT
        return exits.FINDINGS if held_back or (strict and resolution.breaking) else exits.OK

    def _resolution(self, report: ScanReport, settings: SwopConfig) -> ResolutionReport:
        from swop import resolve_schema_drift

        return resolve_schema_drift(
            report, settings, manifests_dir=self.manifests, against=self.against
        )

    def _tell(self, resolution: ResolutionReport) -> None:
        if self.shape == "json" and self.out is None:
            show_json(resolution.to_json())
        elif self.out is None:
            show(_shown(resolution, self.shape))
        else:
            from swop.files import write_atomically

            write_atomically(self.out, (_shown(resolution, self.shape) + "\n").encode())
            remark([f"[RESOLVE] report ({self.shape}) -> {self.out}"])

    def _accept(
        self, report: ScanReport, settings: SwopConfig, resolution: ResolutionReport
    ) -> ResolutionReport:
        from swop.resolve.accept import add_accepted
        from swop.resolve.drift import accept_path

        path = accept_path(settings)
        if not self.mode.may_write:
            remark([f"[RESOLVE] {path.name} was not written"])
            return resolution
        until = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=self.accept_days)
        reason = str(self.accept_breaking)
        added = add_accepted(path, resolution.breaking, reason=reason, expires=until)
        remark([f"[RESOLVE] {len(added)} accepted until {until.isoformat()} -> {path}"])
        return self._resolution(report, settings)

    def _apply(
        self, report: ScanReport, settings: SwopConfig, resolution: ResolutionReport
    ) -> bool:
        """Write what is agreed; say whether something was held back."""
        from swop.resolve import apply_agreed

        if not self.mode.may_write:
            remark(["[RESOLVE] nothing was written"])
            return False
        applied = apply_agreed(
            report, settings, resolution, manifests_dir=self.manifests, against=self.against
        )
        remark(applied.format().splitlines())
        return bool(applied.held_back)


def _remember(settings: SwopConfig) -> None:
    from swop import StateWriteError
    from swop.lock.remembered import remember_lock

    with suppress(StateWriteError):  # a cache that cannot be written is done without
        remember_lock(settings)


def _shown(resolution: ResolutionReport, shape: Shape) -> str:
    if shape == "text":
        return resolution.format()
    from swop.resolve import outputs

    if shape == "json":
        import json

        return json.dumps(resolution.to_json(), indent=2, ensure_ascii=False)
    writers = {"sarif": outputs.to_sarif, "junit": outputs.to_junit, "github": outputs.to_github}
    return writers[shape](resolution)


def rules_table() -> str:
    """Every rule as a line: its id, tier, severity and meaning."""
    from swop.resolve.catalogue import RULES

    return "\n".join(
        f"{rule.id:28} {rule.tier:10} {rule.severity:8} {rule.meaning}" for rule in RULES.values()
    )
