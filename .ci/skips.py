"""Read pytest's JUnit reports and refuse skips whose cause was already taken away.

A test may be skipped because a system package or the ml group is missing. Where `.ci/run` has
just installed it, such a skip means that the test looks for it in the wrong place, and nobody
would notice that it never runs.

    python .ci/skips.py REPORT.xml --installed system-packages --installed ml
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

REASONS = {
    "system-packages": "needs the system package ",
    "ml": "needs the ml group",
}


def skips(report: Path) -> Iterator[tuple[str, str]]:
    """Yield (test, reason) for every skipped test of a report."""
    for case in ET.parse(report).getroot().iter("testcase"):
        for skip in case.iter("skipped"):
            yield f"{case.get('classname')}::{case.get('name')}", skip.get("message") or ""


def refused(report: Path, installed: list[str]) -> list[str]:
    """Return one line for every skip that should not have happened."""
    reasons = tuple(REASONS[name] for name in installed)
    return [f"{test}: {why}" for test, why in skips(report) if reasons and why.startswith(reasons)]


def main(arguments: list[str] | None = None) -> int:
    """Return 1 where a skip is refused, and print why."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("report", type=Path)
    parser.add_argument("--installed", action="append", default=[], choices=sorted(REASONS))
    options = parser.parse_args(arguments)
    lines = refused(options.report, options.installed)
    for line in lines:
        print(f"skipped though it is installed: {line}", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
