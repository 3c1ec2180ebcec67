"""Every step killed for real, and done again: the same artifacts as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SWARMCODE = Path(sys.executable).with_name("swarmcode")
KEY = "11" * 32


def killed(folder: Path, words: tuple[str, ...], *, at: str, after: float) -> bool:
    """Start the command, and kill it and all below it some time after a step has begun."""
    variables = {**os.environ, "SWARMCODE_PRIVATE_KEY": KEY}
    running = subprocess.Popen(
        [SWARMCODE, *words], cwd=folder, env=variables, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and running.poll() is None and not begun(folder, at):
        time.sleep(0.005)
    time.sleep(after)
    alive = running.poll() is None
    if alive:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    return alive


def begun(folder: Path, step: str) -> bool:
    for path in (folder / "data/runs").glob("*.json"):
        try:
            if json.loads(path.read_text())["step"] == step:
                return True
        except (OSError, ValueError):
            continue
    return False


def artifacts(folder: Path) -> dict[str, str]:
    """What every step made, by digest; runs, dates and this machine's paths are not part of it."""
    found = {}
    for kind in ("snapshots", "datasets"):
        for path in sorted((folder / "data" / kind).glob("*.json")):
            found[f"{kind}/{path.name}"] = json.loads(path.read_text())["digest"]
    return found


@pytest.fixture
def reference(swarmcode, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an uninterrupted run makes, in a project of its own."""
    from shutil import copy

    other = tmp_path_factory.mktemp("reference")
    copy(folder / "swarmcode.yaml", other)
    subprocess.run([SWARMCODE, "run", "--until", "synth", "-q"], cwd=other, check=True,
                   capture_output=True, timeout=500)  # fmt: skip
    return artifacts(other)


def test_killed_in_ingest_and_synth(swarmcode, folder: Path, reference: dict[str, str]) -> None:
    """Snapshot and rows have the hashes of a run that nobody killed; the trail holds."""
    rng = random.Random(12)
    kills = 0
    for step in ("ingest", "ingest", "synth", "synth", "synth"):
        kills += killed(folder, ("run", "--until", "synth"), at=step, after=rng.uniform(0, 0.8))
    assert kills, "every run was done before it could be killed: this proves nothing"
    assert swarmcode("run", "--until", "synth").code == 0
    assert artifacts(folder) == reference
    assert swarmcode("verify").code == 0
    runs = swarmcode("runs", "--json").data["runs"]
    assert [run["status"] for run in runs] == ["done", "done"]


def test_stopped_by_a_person(swarmcode, folder: Path) -> None:
    """Ctrl-C ends a step in good order: its own exit code, one line, and the next call goes on."""
    assert swarmcode("ingest").code == 0
    running = subprocess.Popen(
        [SWARMCODE, "synth", "-q"], cwd=folder, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not begun(folder, "synth"):
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=300)
    assert (running.returncode, told) == (130, "[STOPPED] the same command goes on from here\n")
    assert swarmcode("synth", "--json").data["artifact"]["examples"] > 0


def test_killed_in_publish(swarmcode, folder: Path, make_adapter) -> None:
    """The version is published once, whole, and verified, however often it was begun."""
    make_adapter(folder / "artifacts/swarmcode_adapter")
    rng = random.Random(5)
    for _ in range(3):
        killed(folder, ("publish", "-n", "a"), at="publish", after=rng.uniform(0, 0.4))
    done = swarmcode("publish", "-n", "a", "--json", SWARMCODE_PRIVATE_KEY=KEY)
    assert done.data["artifact"]["version"] == "0.1.0"
    assert swarmcode("verify").code == 0
    assert swarmcode("pull", "a", "--into", "fetched").code == 0
    assert swarmcode("verify", "fetched").code == 0


def test_two_projects_at_once(repository: Path, folder: Path, tmp_path_factory) -> None:
    """Projects in different folders do not know of each other, and come to the same."""
    other = tmp_path_factory.mktemp("other")
    (other / "swarmcode.yaml").write_text((folder / "swarmcode.yaml").read_text())
    running = [
        subprocess.Popen(
            [SWARMCODE, "run", "--until", "synth", "-q"], cwd=place, stdout=subprocess.DEVNULL
        )
        for place in (folder, other)
    ]
    assert [each.wait(500) for each in running] == [0, 0]
    assert artifacts(folder) == artifacts(other)
    threads = {
        json.loads((place / "data/project.json").read_text())["thread"] for place in (folder, other)
    }
    assert len(threads) == 2
