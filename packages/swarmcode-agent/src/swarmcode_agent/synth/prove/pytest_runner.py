"""One run of pytest in a folder, and what it reported."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .environment import Environment
from .execute import Executor
from .tree import ASIDE

COULD_NOT_START = "the tests could not start"
# For a project whose own options name a plugin that the environment does not have.
WITHOUT_ADDOPTS = ("-o", "addopts=")
REPORTER = Path(__file__).with_name("_reporter.py")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run told: outcomes by test, or why there are none.

    Attributes:
        outcomes: `passed`, `failed` or `skipped` by test.
        problem: empty, or a short phrase for why nothing can be concluded.
        output: the end of what the tests printed.
        seconds: how long each test took.
        lines: for each file, the tests that ran each line; empty unless asked for.
    """

    outcomes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    output: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, Mapping[int, tuple[str, ...]]] = field(default_factory=dict)


def run_pytest(
    executor: Executor,
    environment: Environment,
    folder: Path,
    tests: Sequence[str],
    *,
    roots: Sequence[str],
    timeout: float,
    options: Sequence[str] = (),
    trace: bool = False,
) -> Run:
    """Run the tests named (files or test ids; none for all) in a folder that holds a tree.

    The run sees no network where the executor can take it away, no user site, no plugins that
    the environment does not have, a fixed hash seed and the same clock zone.
    """
    aside = folder / ASIDE
    aside.mkdir(exist_ok=True)
    plugin = aside / "swarmcode_reporter.py"
    if not plugin.exists():
        shutil.copyfile(REPORTER, plugin)
    report = aside / "report.json"
    report.unlink(missing_ok=True)
    command = (
        str(environment.executable),
        "-m",
        "pytest",
        "-q",
        "-p",
        "swarmcode_reporter",
        "-p",
        "no:randomly",
        "-o",
        f"cache_dir={aside / 'cache'}",
        "--tb=line",
        *options,
        *tests,
    )
    finished = executor.run(
        command,
        folder=folder,
        environment=_environment(environment, folder, roots, report, trace=trace),
        readable=environment.readable,
        timeout=timeout,
    )
    if finished.status is None:
        return Run(problem="the tests hang", output=finished.output)
    return _read(report, finished.output, finished.status)


def _environment(
    environment: Environment, folder: Path, roots: Sequence[str], report: Path, *, trace: bool
) -> dict[str, str]:
    paths = [str(folder / root) for root in roots]
    settings = {
        "PATH": f"{environment.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / ASIDE),
        "TMPDIR": str(folder / ASIDE / "tmp"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": ":".join((str(folder / ASIDE), *paths)),
        "SWARMCODE_REPORT": str(report),
    }
    (folder / ASIDE / "tmp").mkdir(exist_ok=True)
    if trace:
        settings["SWARMCODE_LINES"] = str(folder)
    return settings


def _read(report: Path, output: str, status: int) -> Run:
    try:
        data = json.loads(report.read_text("utf-8"))
    except (OSError, ValueError):
        return Run(problem=COULD_NOT_START, output=output)
    if not data["outcomes"]:
        problem = "no test was found" if status == 5 else "the tests could not be collected"
        return Run(problem=problem, output=output)
    lines = {
        name: {int(number): tuple(tests) for number, tests in by_number.items()}
        for name, by_number in data["lines"].items()
    }
    return Run(data["outcomes"], "", output, data["seconds"], lines)
