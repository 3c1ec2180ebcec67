"""The README's example prints what the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import swop
from swop._version import VERSION

README = Path(__file__).parents[1] / "README.md"


def test_the_example_prints_what_is_written_below_it(tmp_path: Path) -> None:
    """It stands in the first 30 lines, and runs as it is."""
    text = README.read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [shown] = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert text[: text.index(shown) + len(shown)].count("\n") <= 32
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (shown, "")


def test_the_version_is_the_installed_one() -> None:
    """The constant and the package's metadata say the same."""
    from importlib.metadata import version

    assert version("swop-core") == VERSION


def test_every_public_name_is_found_where_it_is_said_to_live() -> None:
    """The lazy table and `__all__` name the same things."""
    assert sorted(swop._HOME_OF) == sorted(swop.__all__) == dir(swop)
