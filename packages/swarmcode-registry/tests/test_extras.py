"""A missing extra is an error that names the command which installs it; never a stand-in."""

import subprocess
import sys
from pathlib import Path

import pytest

CASES = [
    ("eth_account", "eth", "from swarmcode_registry import new_key; new_key()"),
    ("eth_account", "eth", "from swarmcode_registry import SigningKey; SigningKey('11' * 32)"),
    ("eth_utils", "eth", "from swarmcode_registry import Trust; Trust.of('0x' + '12' * 20)"),
    ("httpx", "oci", "from swarmcode_registry import open_store; open_store('oci://localhost/a')"),
    ("obstore", "s3", "from swarmcode_registry import open_store; open_store('s3://bucket/a')"),
    ("huggingface_hub", "hub", "from swarmcode_registry import open_store; open_store('hub:x')"),
    ("multiformats", "ipfs", "from swarmcode_registry import open_store; open_store('ipfs:x')"),
    ("multiformats", "ipfs", "from swarmcode_registry.ipfs import cid_text; cid_text(b'')"),
    ("httpx", "ipfs", "from swarmcode_registry.publish import IPFSClient; IPFSClient()"),
    (
        "model_signing",
        "model-signing",
        "from pathlib import Path; from swarmcode_registry import sign_folder; "
        "Path('manifest.json').touch(); sign_folder(Path(), Path('key.pem'))",
    ),
]
PROBE = """
import sys
sys.modules[sys.argv[1]] = None  # as Python itself marks a module that cannot be imported
from swarmcode_registry import MissingExtraError
try:
    exec(sys.argv[2])
except MissingExtraError as error:
    print(error.command)
"""


@pytest.mark.parametrize(("module", "extra", "code"), CASES, ids=range(len(CASES)))
def test_a_missing_extra_names_its_command(
    module: str, extra: str, code: str, tmp_path: Path
) -> None:
    """For every feature that needs one."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, module, code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.stdout == f"pip install 'swarmcode-registry[{extra}]'\n", run.stderr
