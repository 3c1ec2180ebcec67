"""A pytest plugin, run inside the tests' own process: writes every test's outcome to a file.

It is read by the interpreters and the pytest of a commit's day, so it says nothing newer than
Python 3.8 and pytest 4, and imports nothing of ours. With SWARMCODE_LINES set to a folder it
also writes which lines of that folder each test runs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_report = Path(os.environ.get("SWARMCODE_REPORT", "report.json"))
_folder = os.environ.get("SWARMCODE_LINES", "")
_rank = {"passed": 0, "skipped": 1, "failed": 2}
_outcomes: dict[str, str] = {}
_lines: dict[tuple[str, int], set[str]] = {}
_seconds: dict[str, float] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """Keep the worst of set-up, call and tear-down."""
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "skipped" if report.outcome == "skipped" else "failed"
    known = _outcomes.get(report.nodeid, "passed")
    _outcomes[report.nodeid] = max(known, outcome, key=lambda name: _rank.get(name, 2))
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish(exitstatus: int) -> None:
    """Write what is known; a run that never gets here has no report and proves nothing."""
    lines: dict[str, dict[int, list[str]]] = {}
    for (name, number), tests in _lines.items():
        lines.setdefault(name, {})[number] = sorted(tests)
    data = {"outcomes": _outcomes, "exit": int(exitstatus), "seconds": _seconds, "lines": lines}
    part = _report.with_suffix(".part")
    part.write_text(json.dumps(data), encoding="utf-8", errors="replace")
    part.replace(_report)


def _tracer(nodeid: str) -> Any:
    inside = _folder + os.sep
    known: dict[str, bool] = {}

    def on_line(frame: Any, event: str, _: object) -> Any:
        if event == "line":
            _lines.setdefault((frame.f_code.co_filename, frame.f_lineno), set()).add(nodeid)
        return on_line

    def on_call(frame: Any, event: str, argument: object) -> Any:
        name = frame.f_code.co_filename
        if name not in known:
            known[name] = name.startswith(inside)
        return (
            on_line(frame, "line" if event == "call" else event, argument) if known[name] else None
        )

    return on_call


def pytest_runtest_setup(item: Any) -> None:
    """Start watching lines, when they are asked for."""
    if _folder:
        sys.settrace(_tracer(item.nodeid))


def pytest_runtest_teardown() -> None:
    """Stop watching lines."""
    if _folder:
        sys.settrace(None)
