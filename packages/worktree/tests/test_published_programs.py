"""Both programs of the published README run unchanged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COUNTER = """
from worktree.contract import Worktree
from worktree.impl.items.pydantic_model import PydanticArtifact
from worktree.mounting.base import BaseMounter
from worktree.impl.accessibility.filesystem import FilesystemMountDriver

class Counter(PydanticArtifact):
    number: int = 0

class CounterWorktree(Worktree):
    counter: Counter

driver = FilesystemMountDriver()
root = driver.mount("DATA")
mounter = BaseMounter(root)
worktree = mounter.mount(CounterWorktree)
print(worktree.counter.number)
worktree.counter.number += 1
worktree.commit()
"""

PROJECT = """
from worktree.contract import Worktree, LayoutAnchor
from worktree.impl.items.pydantic_model import PydanticArtifact
from worktree.mounting.base import BaseMounter
from worktree.impl.accessibility.filesystem import FilesystemMountDriver

class DatabaseConfig(PydanticArtifact):
    host: str = "localhost"
    port: int = 5432

class ServerConfig(PydanticArtifact):
    debug: bool = False

class AppLayout(LayoutAnchor):
    class Storage(LayoutAnchor):
        db: DatabaseConfig

    storage: Storage
    config: ServerConfig
    logs: LayoutAnchor

class ProjectWorktree(Worktree):
    app: AppLayout

driver = FilesystemMountDriver()
root = driver.mount("DATA")
mounter = BaseMounter(root)
tree = mounter.mount(ProjectWorktree)
print(tree.app.storage.db.host)
print(tree.app.config.debug)
tree.app.storage.db.host = "postgres.prod"
tree.commit()
"""


def run(program: str, folder: Path, *, future: bool) -> str:
    """Run a program as a script of its own."""
    text = program.replace("DATA", str(folder))
    script = folder.parent / "program.py"
    script.write_text(("from __future__ import annotations\n" if future else "") + text)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("future", [False, True], ids=["plain", "future-annotations"])
def test_the_counter_program(tmp_path: Path, future: bool) -> None:
    """The first program of the published README prints 0, then consecutive integers."""
    folder = tmp_path / "data"
    assert [run(COUNTER, folder, future=future) for _ in range(3)] == ["0\n", "1\n", "2\n"]
    assert (folder / "counter.json").read_bytes() == b'{"number":3}'


@pytest.mark.parametrize("future", [False, True], ids=["plain", "future-annotations"])
def test_the_project_program(tmp_path: Path, future: bool) -> None:
    """The second program prints the default first, and what it committed afterwards."""
    folder = tmp_path / "data"
    assert run(PROJECT, folder, future=future) == "localhost\nFalse\n"
    assert run(PROJECT, folder, future=future) == "postgres.prod\nFalse\n"
    assert json.loads((folder / "app/storage/db.json").read_text())["host"] == "postgres.prod"
    assert (folder / "app/logs").is_dir()
