"""What the documents say is what the code does."""

import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent


def test_the_readme_example_prints_what_it_says() -> None:
    """The first example of the README runs as it stands, and its output is the one shown."""
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL)
    assert found
    code, shown = found.groups()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == shown
    assert text[: text.index(shown)].count("\n") < 30


def test_importing_does_nothing() -> None:
    """No thread, no socket, no file, no extra: importing only defines names."""
    code = (
        "import sys, threading; import syncropel, syncropel.testing, syncropel.kernel;"
        "assert threading.active_count() == 1;"
        "assert not {'cryptography', 'opentelemetry', 'pytest'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
