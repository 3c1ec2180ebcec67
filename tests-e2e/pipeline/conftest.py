"""The demonstration as a project to test with: made once, killed on the way, and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

SWARMCODE = Path(sys.executable).with_name("swarmcode")
KILLED_AT = ("train", "eval")  # what needs no model is killed by the command's own tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "killed_demo" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(1800))  # whichever comes first makes the project


def variables() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SWARMCODE_")}
    return {**kept, "HF_HUB_OFFLINE": "1"}


def has_begun(folder: Path, step: str) -> bool:
    for path in (folder / "data/runs").glob("*.json"):
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if found["step"] == step and found["status"] == "started":
            return True
    return False


def kill_at(folder: Path, step: str) -> bool:
    """Start the demonstration, and kill it and all below it soon after a step has begun."""
    running = subprocess.Popen(
        [SWARMCODE, "demo", "--into", folder], env=variables(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline and running.poll() is None and not has_begun(folder, step):
        time.sleep(0.02)
    time.sleep(0.5)
    alive = running.poll() is None
    if alive:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    return alive


@pytest.fixture(scope="session")
def killed_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], str]:
    """The project, the steps it was killed in, and what the last call printed."""
    if find_spec("torch") is None:
        pytest.skip("needs the ml group: torch")
    folder = tmp_path_factory.mktemp("demo") / "project"
    killed = [step for step in KILLED_AT if kill_at(folder, step)]
    done = subprocess.run(
        [SWARMCODE, "demo", "--into", folder], env=variables(), capture_output=True, text=True,
        timeout=1000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, killed, done.stdout


@pytest.fixture
def project(killed_demo: tuple[Path, list[str], str]) -> Path:
    return killed_demo[0]


@pytest.fixture
def swarmcode(project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command, called in the project."""

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SWARMCODE, *words], cwd=project, env={**variables(), **more}, capture_output=True,
            text=True, timeout=300, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run
