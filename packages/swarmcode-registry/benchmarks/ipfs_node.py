"""Run the tests that need an IPFS node against a real one, which is started for them.

    uv run python packages/swarmcode-registry/benchmarks/ipfs_node.py

The node is the npm packages of `ipfs_node/package.json` (250 MB, installed once below the user's
cache folder, which takes minutes: too much for every run of the tests). It listens on loopback and
has no peers. Needs the system packages nodejs and npm.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
FOLDER = CACHE / "swarmcode-tests" / "ipfs-node"


def install() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "node.mjs"):
        shutil.copy(HERE / "ipfs_node" / name, FOLDER)
    if not (FOLDER / "done").exists():
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(["npm", "install", *flags], cwd=FOLDER, check=True, timeout=900)
        (FOLDER / "done").touch()


def main() -> int:
    install()
    with tempfile.TemporaryDirectory() as scratch:
        command = ["node", str(FOLDER / "node.mjs"), str(Path(scratch, "repo"))]
        node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert node.stdout is not None
            address = node.stdout.readline().strip()
            print(f"a node answers at {address}", flush=True)
            tests = HERE.parent / "tests" / "test_ipfs.py"
            return subprocess.run(
                [sys.executable, "-m", "pytest", "-n", "0", "-q", "-rs", "-k", "node", tests],
                env=os.environ | {"SWARMCODE_TEST_IPFS_API": address},
                check=False,
                timeout=300,
            ).returncode
        finally:
            node.terminate()
            node.wait(10)


if __name__ == "__main__":
    sys.exit(main())
