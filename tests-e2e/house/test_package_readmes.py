"""Every member's README: short, with an example near the top that runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = sorted(ROOT.glob("*/*/README.md"))
LIBRARIES = [path for path in READMES if path.parts[-3] == "packages"]


def first_example(readme: Path) -> str | None:
    """Return the first Python block that begins in the first 30 lines."""
    text = readme.read_text(encoding="utf-8")
    head = "\n".join(text.splitlines()[:30])
    if (start := head.find("```python\n")) < 0:
        return None
    block = re.match(r"```python\n(.*?)```", text[start:], re.DOTALL)
    return block.group(1) if block else None


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_a_readme_is_short_and_says_how_to_install(readme: Path) -> None:
    """A page that is read, not a manual."""
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "pip install " in text
    assert len(text.splitlines()) <= 140


@pytest.mark.parametrize("readme", LIBRARIES, ids=lambda path: path.parent.name)
def test_the_first_example_runs(readme: Path, tmp_path: Path) -> None:
    """What a newcomer pastes first works as it stands, and says something."""
    example = first_example(readme)
    assert example is not None, "no Python example begins in the first 30 lines"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()
