"""Each library inside somebody else's program: the guide's examples, as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/swarmcode.md"
BLOCKS = re.findall(
    r"```python\n(.*?)```\n\n```text\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL
)


def publish(folder: Path) -> None:
    """An agent in `registry`, and a trust file that expects its signer."""
    from swarmcode_registry import PublishConfig, Publisher, new_key, trust_add

    adapter = folder / "adapter"
    adapter.mkdir()
    header = b'{"lora_A":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    weights = len(header).to_bytes(8, "little") + header + bytes(8)
    (adapter / "adapter_model.safetensors").write_bytes(weights)
    key = new_key()
    config = PublishConfig(
        adapter_path=adapter, name="ada/fixer", version="1.0.0", base_model="some/base",
        store=str(folder / "registry"), manifest_output=folder / "manifest.json",
    )  # fmt: skip
    Publisher(config, key=key).publish()
    trust_add(folder / "trust.json", key.address)


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True,
        timeout=100, env={**os.environ, "PATH": commands},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "printed"), BLOCKS, ids=lambda value: re.sub(r"\W+", "-", value)[:30]
)
def test_an_example_does_what_the_guide_says(code: str, printed: str, tmp_path: Path) -> None:
    """What a reader pastes works, and prints what stands below it."""
    publish(tmp_path)
    (tmp_path / "notes.txt").write_text("TODO: mend the cart\n")
    answer = run(code, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == printed


def test_a_spoiled_agent_is_not_deployed(tmp_path: Path) -> None:
    """The deployment script's other way out: one line, and nothing on the disk."""
    publish(tmp_path)
    stranger = "0x0000000000000000000000000000000000000001"
    trust = json.loads((tmp_path / "trust.json").read_text())
    trust["signers"][0]["address"] = stranger
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    answer = run(BLOCKS[0][0], tmp_path)
    assert answer.returncode == 1
    assert answer.stdout.startswith("not deployed: signed by")
    assert not (tmp_path / "agents").exists() or not list((tmp_path / "agents").glob("[!.]*"))
