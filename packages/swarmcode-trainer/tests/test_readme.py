"""The README's first example prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_first_example_prints_its_output() -> None:
    """Word for word, without torch."""
    text = README.read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```\n+```\n(.*?)```", text, re.DOTALL)
    assert found is not None
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['torch'] = None\n{found[1]}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout == found[2]
