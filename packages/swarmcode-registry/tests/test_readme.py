"""The README's example does what the README shows."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example_prints_what_it_says(tmp_path: Path) -> None:
    """Pasted as it stands, near the top, it runs, and its output is the block below it."""
    text = README.read_text("utf-8")
    assert text.index("```python") < len("\n".join(text.splitlines()[:30]))
    example = re.search(r"```python\n(.*?)```\s+```text\n(.*?)```", text, re.DOTALL)
    assert example is not None
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", example.group(1)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == example.group(2)


def test_it_is_a_page_and_not_a_manual() -> None:
    """Between sixty and a hundred and ten lines."""
    assert 60 <= len(README.read_text("utf-8").splitlines()) <= 110
