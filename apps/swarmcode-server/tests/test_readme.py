"""The README's first example runs as it stands, and says what the README says it does."""

import re
import subprocess
import sys
from pathlib import Path


def test_the_first_example_says_what_it_says(tmp_path: Path) -> None:
    """What a newcomer pastes first works, and prints what stands beneath it."""
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example, printed = re.search(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL
    ).groups()
    run = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=110
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == printed
