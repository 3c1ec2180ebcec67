"""Slices of the long drivers in `benchmarks/`: processes killed, racing, cut off."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def drive(script: str, *arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_fifty_kills_lose_nothing() -> None:
    """A spooling process killed at random: everything acknowledged arrives, once."""
    figures = drive("kill_spool.py", "--kills", "50", "--longest", "0.05")
    assert figures["acknowledged"] > 0
    assert (figures["lost"], figures["duplicated"], figures["left"]) == (0, 0, 0)


@pytest.mark.parametrize("options", [[], ["--equal"], ["--equal", "--spool"]], ids=" ".join)
def test_eight_processes_lose_nothing(options: list[str]) -> None:
    """One actor, one thread, eight processes: every record is there under an id of its own."""
    figures = drive("many_processes.py", "--records", "60", *options)
    assert figures["accepted"] == figures["emitted"] == figures["stored"] == 480
    assert (figures["lost"], figures["shared_ids"], figures["duplicated"]) == (0, 0, 0)


def test_cut_streams_have_no_gaps() -> None:
    """A subscriber whose connection is cut all the time sees each record once, in order."""
    figures = drive("cut_streams.py", "--cuts", "60", "--seed", "3")
    assert figures["reconnects"] > 0
    assert figures["in_order"]
