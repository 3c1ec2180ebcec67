"""Slices of the long drivers in `benchmarks/`."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_twenty_five_kills_lose_nothing() -> None:
    """A server killed under load, again and again: what it acknowledged is there."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "kill_server.py", "--kills", "25", "--longest", "0.05"],
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["acknowledged"] > 25
    assert (figures["lost"], figures["gaps"], figures["faults"]) == (0, False, [])
