"""`swarmcode doctor`: what it looks at, and what it says to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarmcode_cli import doctor
from swarmcode_trainer import Device, MissingExtraError

SWARMCODE = Path(sys.executable).with_name("swarmcode")


def run(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) if path is None else {**os.environ, "PATH": path}
    return subprocess.run(
        [SWARMCODE, *arguments], capture_output=True, text=True, timeout=110, env=environment
    )


def test_json_names_every_check() -> None:
    """A program reads the same findings that a person does."""
    answer = run("doctor", "--json")
    document = json.loads(answer.stdout)
    assert [check["name"] for check in document["checks"]] == [
        "python",
        "git",
        "disk",
        "memory",
        "sandbox",
        "training",
        "extras",
        "network",
    ]
    sandbox = next(check for check in document["checks"] if check["name"] == "sandbox")
    assert answer.returncode == (0 if sandbox["status"] == "ok" else 1)


def test_without_git_it_fails_and_says_what_to_do(tmp_path: Path) -> None:
    """The pipeline reads repositories with git: its absence is not a warning."""
    answer = run("doctor", "--json", path=str(tmp_path))
    git = next(check for check in json.loads(answer.stdout)["checks"] if check["name"] == "git")
    assert git["status"] == "fail"
    assert "install git" in git["fix"]
    assert answer.returncode == 1


def test_people_see_a_table() -> None:
    """Without --json the findings are a table, and nothing but it."""
    answer = run("doctor")
    assert "what to do" in answer.stdout
    assert answer.stderr == ""


def test_an_old_python_is_a_failure_that_names_the_version() -> None:
    """The fix says what to install."""
    assert doctor.check_python((3, 10, 4)) == doctor.Check(
        "python", "fail", "3.10.4", "install Python 3.11 or newer"
    )


def test_a_git_that_does_not_answer_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something called git that is no git is said so."""
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.check_git().status == "fail"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("git version 2.29.9", "fail", id="too-old"),
        pytest.param("git version 2.30.0", "ok", id="just-new-enough"),
        pytest.param("git version 2.50.1.windows.2", "ok", id="vendor-suffix"),
    ],
)
def test_the_version_of_git_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, status: str
) -> None:
    """Partial clones and bundles need a git of the last years."""
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\necho '{text}'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.check_git().status == status


@pytest.mark.parametrize(
    ("total", "status"),
    [
        pytest.param(4 * doctor.GIB, "warn", id="little"),
        pytest.param(64 * doctor.GIB, "ok", id="plenty"),
    ],
)
def test_memory_is_judged(total: int, status: str) -> None:
    """Little memory narrows what can be trained; it does not stop the pipeline."""
    assert doctor.check_memory(total).status == status


def test_a_gpu_is_named_with_its_memory() -> None:
    """A person sees what training would run on."""
    device = Device("cuda", "H200", 2, 139 * doctor.GIB, "bf16")
    check = doctor.check_training(lambda: device)
    assert (check.status, check.found) == ("ok", "2 × H200, 139 GiB, bf16")


def test_without_torch_the_fix_is_the_install_command() -> None:
    """Training is optional until it is wanted."""

    def find() -> Device:
        raise MissingExtraError("torch", extra="qlora")

    check = doctor.check_training(find)
    assert (check.status, check.fix) == ("warn", "pip install 'swarmcode-trainer[qlora]'")


def test_without_walls_it_fails_and_says_what_to_install() -> None:
    """Training data is proven by running tests, and tests of strangers are not run unheld."""
    check = doctor.check_sandbox(lambda: None)
    assert check.status == "fail"
    assert "bubblewrap" in check.fix
    assert doctor.check_sandbox(lambda: "bubblewrap").status == "ok"


def test_a_missing_extra_is_named_with_its_command_once() -> None:
    """What is missing, and the one line that brings it."""
    wanted = {"torch": "pip install a", "peft": "pip install a", "json": "pip install b"}
    check = doctor.check_extras(wanted, lambda name: name == "json")
    assert (check.status, check.found, check.fix) == (
        "warn",
        "without torch, peft",
        "pip install a",
    )
    assert doctor.check_extras(wanted, lambda _: True).status == "ok"


def test_the_network_is_told_of() -> None:
    """A person sees what could leave the machine, and how to forbid it."""
    free = doctor.check_network({}, sends_to=None)
    assert "is fetched" in free.found
    assert "HF_HUB_OFFLINE" in free.fix
    held = doctor.check_network({"HF_HUB_OFFLINE": "1"}, sends_to="https://kernel.example")
    assert held.found.startswith("models are never fetched; records go to https://kernel.example")


def test_the_worst_finding_decides() -> None:
    """One failure among warnings is a failure."""
    ok, warn, fail = (doctor.Check("x", status, "") for status in ("ok", "warn", "fail"))
    assert doctor.worst([ok, warn]) == "warn"
    assert doctor.worst([fail, ok]) == "fail"
    assert doctor.worst([]) == "ok"
