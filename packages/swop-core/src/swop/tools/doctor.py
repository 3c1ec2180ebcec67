"""`swop doctor`: whether what swop needs is there, and whether all that it made still agrees.

The deep checks compare contents: each layer is made anew in memory from the one before it and
held against what is on disk. That a file exists, or is younger, shows nothing.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..config import SwopConfig
from ..errors import SwopError
from ..git import GitError, git

CheckStatus = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class DeepIssue:
    """One thing that does not agree, and what to do."""

    context: str | None
    detail: str
    severity: CheckStatus = "warn"

    def format(self) -> str:
        """The issue as one line."""
        where = f"{self.context}: " if self.context else ""
        return f"{self.severity}: {where}{self.detail}"


@dataclass(slots=True)
class DeepCheck:
    """One check: it passes, warns or fails, with a reason for each issue."""

    name: str
    status: CheckStatus = "pass"
    summary: str = ""
    issues: list[DeepIssue] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether it did not fail."""
        return self.status != "fail"

    def mark(self, issue: DeepIssue) -> None:
        """Add an issue; the check is as bad as its worst."""
        self.issues.append(issue)
        ranks: list[CheckStatus] = ["pass", "warn", "fail"]
        self.status = max(self.status, issue.severity, key=ranks.index)

    def format(self) -> str:
        """The check as lines for a terminal."""
        lines = [f"  [{self.status}] {self.name}: {self.summary}"]
        lines += [f"         {issue.format()}" for issue in self.issues]
        return "\n".join(lines)


@dataclass(slots=True)
class DeepReport:
    """All checks of a run."""

    checks: list[DeepCheck] = field(default_factory=list)
    root: Path | None = None
    title: str = "DOCTOR"

    @property
    def failed(self) -> list[DeepCheck]:
        """The checks that failed."""
        return [item for item in self.checks if item.status == "fail"]

    @property
    def warnings(self) -> list[DeepCheck]:
        """The checks that warn."""
        return [item for item in self.checks if item.status == "warn"]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    def format(self) -> str:
        """The report as lines for a terminal."""
        head = f"[{self.title}] {len(self.checks)} check(s), {len(self.failed)} failed"
        return "\n".join([head, *(item.format() for item in self.checks)])


def run_doctor(root: Path) -> DeepReport:
    """Look at the environment: nothing of the project is read."""
    return DeepReport(list(_environment(root)), root)


def run_deep_doctor(config: SwopConfig) -> DeepReport:
    """Compare every layer of a project with the one before it."""
    from .layers import layers

    report = DeepReport(root=config.project_root, title="DOCTOR --deep")
    for name, check in layers(config):
        report.checks.append(_guarded(name, check))
    return report


def _guarded(name: str, check: Callable[[DeepCheck], None]) -> DeepCheck:
    """Run a check; what it cannot read is a failure of that check, not of all."""
    outcome = DeepCheck(name)
    try:
        check(outcome)
    except SwopError as error:
        outcome.mark(DeepIssue(None, str(error), "fail"))
    if not outcome.summary:
        outcome.summary = {"pass": "agree", "warn": "see below", "fail": "differ"}[outcome.status]
    return outcome


def _environment(root: Path) -> Iterator[DeepCheck]:
    from .._version import VERSION

    yield DeepCheck("swop", summary=f"swop-core {VERSION}")
    yield DeepCheck("python", summary=sys.version.split()[0])
    yield _module("pyyaml", "yaml", "pip install PyYAML", needed=True)
    yield _module("protoc", "grpc_tools", 'pip install "swop-core[proto]"', needed=False)
    yield _program("node", "needed for `swop gen grpc-ts`")
    yield _program("docker", "needed to build the generated images")
    yield _program("git", "needed for `--against` and the hook")
    repository = DeepCheck("git repository", summary=str(root))
    try:
        git(root, "rev-parse", "--git-dir")
    except GitError as error:
        repository.mark(DeepIssue(None, str(error)))
    yield repository


def _module(name: str, module: str, install: str, *, needed: bool) -> DeepCheck:
    check = DeepCheck(name, summary="installed")
    if importlib.util.find_spec(module) is None:
        check.summary = "not installed"
        check.mark(DeepIssue(None, install, "fail" if needed else "warn"))
    return check


def _program(name: str, purpose: str) -> DeepCheck:
    found = shutil.which(name)
    check = DeepCheck(name, summary=found or "not on PATH")
    if found is None:
        check.mark(DeepIssue(None, purpose))
    return check
