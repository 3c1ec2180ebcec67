"""The official Node client: the same scenarios as the Python one."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("SWARMCODE_NODE_MODULES", HERE / "node" / "node_modules"))
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="needs the system package nodejs: apt-get install nodejs")
@pytest.mark.skipif(
    not (MODULES / "openai").is_dir(),
    reason="needs the npm package openai: npm install --prefix apps/swarmcode-server/tests/node",
)
@pytest.mark.timeout(300)
def test_every_scenario_with_the_node_client(server: Any) -> None:
    """Whole and streamed; the driver says what is wrong with each."""
    scenarios = HERE / "scenarios.json"
    driver = [str(NODE), HERE / "node" / "conformance.mjs", server.v1, scenarios, MODULES]
    run = subprocess.run(driver, capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stderr
    outcomes = [json.loads(line) for line in run.stdout.splitlines()]
    assert [outcome for outcome in outcomes if outcome["wrong"]] == []
    assert len(outcomes) == len(json.loads(scenarios.read_text(encoding="utf-8")))
