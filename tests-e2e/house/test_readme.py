"""The README's two set-up commands do what they say."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def set_up_commands() -> list[str]:
    """Return what stands after `uv run` in the README's first block, comments left out."""
    block = re.search(r"```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    lines = [line.split("#")[0].strip() for line in block.group(1).splitlines()]
    assert all(line.startswith("pip install uv && uv run ") for line in lines)
    return [line.removeprefix("pip install uv && uv run ") for line in lines]


@pytest.mark.timeout(900)
@pytest.mark.skipif(find_spec("torch") is None, reason="needs the ml group: torch")
def test_the_first_command_goes_the_whole_way(tmp_path: Path) -> None:
    """What a newcomer types first works, and holds what it promises: else it would say so."""
    command, *arguments = set_up_commands()[0].split()
    run = subprocess.run(
        [Path(sys.executable).with_name(command), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=880,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert run.returncode == 0, run.stderr
    stops = [line.split()[0] for line in run.stdout.splitlines() if line.strip()]
    assert stops[:3] == ["sample", "ingest", "synth"]
    assert {"train", "eval", "loss", "publish", "verify", "serve", "report"} <= set(stops)
    assert "cannot program" in run.stdout
    assert (tmp_path / "swarmcode-demo/artifacts/report.html").is_file()


def test_the_second_command_is_the_test_run() -> None:
    """This test is run by it."""
    assert set_up_commands()[1] == "pytest"


def test_the_steps_of_the_makefile_are_the_steps_of_ci() -> None:
    """Two lists of steps would drift apart: every step that make names is one that .ci/run has."""
    steps = set(re.findall(r"^step_(\w+)\(\)", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE))
    named = re.findall(r"bash \.ci/run((?: \w+)*)", (ROOT / "Makefile").read_text("utf-8"))
    assert {step for words in named for step in words.split()} <= steps
