"""Importing a library does nothing, and brings nothing heavy along."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# httpx brings its own command line along where rich is installed; hence "as if it were not", and
# not a look at what was imported.
HEAVY = ["fastapi", "rich", "torch", "transformers", "typer"]
LIBRARIES = sorted(path.parent for path in ROOT.glob("packages/*/src/*/__init__.py"))

PROBE = """
import importlib, json, os, pkgutil, sys, threading

for heavy in sys.argv[2:]:
    sys.modules[heavy] = None  # as if it were not installed: whoever imports it fails
before = set(os.listdir("."))
package = importlib.import_module(sys.argv[1])
for info in pkgutil.walk_packages(package.__path__, sys.argv[1] + "."):
    if not info.name.endswith("__main__"):
        importlib.import_module(info.name)
print(json.dumps({
    "made": sorted(set(os.listdir(".")) - before),
    "threads": threading.active_count(),
}))
"""


@pytest.mark.parametrize("package", LIBRARIES, ids=lambda path: path.name)
def test_importing_every_module_is_light_and_silent(package: Path, tmp_path: Path) -> None:
    """It needs no torch and no web framework, prints nothing, makes no file and no thread."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE, package.name, *HEAVY],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == 1, "a module prints while it is imported"
    seen = json.loads(run.stdout)
    assert seen["made"] == []
    assert seen["threads"] == 1
