"""A small project: a few commits of the sample repository, and the command run as people run it."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from swarmcode_cli.demo.sample import make_sample

SWARMCODE = Path(sys.executable).with_name("swarmcode")
KEY = "11" * 32
ADDRESS = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"

SETTINGS = """\
ingest: {source: REPOSITORY}
synth: {python: own, proof: required, min_diff_lines: 2, runs: 1, limit: 3, eval_fraction: 0.4}
train: {load_in_4bit: false}
verify: {expect: "ADDRESS"}
"""


class Answer:
    """What one call of the command came to."""

    def __init__(self, run: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = run.returncode, run.stdout, run.stderr

    @property
    def data(self) -> dict:
        assert self.code in (0, 1), self.err
        return json.loads(self.out)


Command = Callable[..., Answer]


def environment(**more: str) -> dict[str, str]:
    """The variables of a quiet machine, with a key that is worth nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SWARMCODE_")}
    return {**kept, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **more}


def call(folder: Path, *words: str, timeout: float = 500, **variables: str) -> Answer:
    run = subprocess.run(
        [SWARMCODE, *words],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return Answer(run)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test here calls the command several times: on a busy machine that takes a while."""
    for item in items:
        if "repository" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample repository; tests must not change it."""
    return make_sample(tmp_path_factory.mktemp("sample") / "tally")


@pytest.fixture
def folder(tmp_path: Path, repository: Path) -> Path:
    """A project that has only settings."""
    write_settings(tmp_path, repository)
    return tmp_path


def write_settings(folder: Path, repository: Path) -> None:
    text = SETTINGS.replace("REPOSITORY", str(repository)).replace("ADDRESS", ADDRESS)
    (folder / "swarmcode.yaml").write_text(text)


@pytest.fixture
def swarmcode(folder: Path) -> Command:
    """The command, called in the project's folder."""

    def run(*words: str, **variables: str) -> Answer:
        return call(folder, *words, **variables)

    return run


@pytest.fixture
def make_adapter() -> Callable[[Path], Path]:
    return write_adapter


def write_adapter(folder: Path, values: Sequence[float] = (0.5, 1.5)) -> Path:
    """An adapter that can be published: two numbers in safetensors, and its settings."""
    folder.mkdir(parents=True)
    header = json.dumps(
        {"lora_A": {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, 4 * len(values)]}}
    ).encode()
    weights = len(header).to_bytes(8, "little") + header + struct.pack(f"<{len(values)}f", *values)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    settings = {"base_model_name_or_path": "some/base", "r": 8, "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder
