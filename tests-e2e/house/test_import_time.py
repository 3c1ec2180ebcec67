"""Importing a library does nothing, and brings nothing heavy along."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"fastapi", "rich", "torch", "transformers", "typer"}
LIBRARIES = sorted(path.parent for path in ROOT.glob("packages/*/src/*/__init__.py"))

PROBE = """
import importlib, json, os, pkgutil, sys, threading

before = set(os.listdir("."))
package = importlib.import_module(sys.argv[1])
for info in pkgutil.walk_packages(package.__path__, sys.argv[1] + "."):
    if not info.name.endswith("__main__"):
        importlib.import_module(info.name)
print(json.dumps({
    "modules": sorted({name.split(".")[0] for name in sys.modules}),
    "made": sorted(set(os.listdir(".")) - before),
    "threads": threading.active_count(),
}))
"""


@pytest.mark.parametrize("package", LIBRARIES, ids=lambda path: path.name)
def test_importing_every_module_is_light_and_silent(package: Path, tmp_path: Path) -> None:
    """No torch, no web framework, no printed line, no file, no thread: nothing but names."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE, package.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == 1, "a module prints while it is imported"
    seen = json.loads(run.stdout)
    assert not HEAVY & set(seen["modules"])
    assert seen["made"] == []
    assert seen["threads"] == 1
