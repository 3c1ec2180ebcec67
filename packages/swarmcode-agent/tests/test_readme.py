"""The README's first example prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_first_example_prints_what_is_shown(tmp_path: Path) -> None:
    """Pasted as it stands, in an empty folder."""
    blocks = re.findall(r"```(\w*)\n(.*?)```", README.read_text(), re.DOTALL)
    at = next(index for index, (language, _) in enumerate(blocks) if language == "python")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks[at][1]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.stderr == ""
    assert run.stdout == blocks[at + 1][1]
