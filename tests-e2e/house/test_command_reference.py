"""Every command and option is documented, in the words of its own help."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_tells_of_every_command() -> None:
    """The page is generated: `make reference` writes it after a command changed."""
    run = subprocess.run(
        [sys.executable, ROOT / ".ci/command_reference.py"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == (ROOT / "docs/reference/commands.md").read_text("utf-8"), (
        "docs/reference/commands.md is stale: run `make reference`"
    )
