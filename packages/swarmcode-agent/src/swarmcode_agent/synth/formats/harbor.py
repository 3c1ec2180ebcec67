"""A proven row as a Harbor task: a folder that builds its own container and grades itself.

The agent's container holds the parent's tree without history. The tests, what they must show
and the solution stay outside of it until the agent is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from string import Template

from ..prove import pytest_runner
from ..rows import Row


def write_harbor_task(row: Row, folder: Path, write_tree: Callable[[Path], None]) -> Path:
    """Write one task below `folder` and return where it is.

    Args:
        row: an executed row.
        folder: where tasks are kept.
        write_tree: writes the tree that the agent starts from into the folder it is given.
    """
    task = folder / row.id
    part = folder / f".{row.id}.part"
    shutil.rmtree(part, ignore_errors=True)
    for name, text in _texts(row).items():
        place = part / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8", errors="surrogateescape", newline="\n")
        if name.endswith(".sh"):
            place.chmod(0o755)
    shutil.copyfile(pytest_runner.REPORTER, part / "tests" / "swarmcode_reporter.py")
    write_tree(part / "environment" / "repository")
    shutil.rmtree(task, ignore_errors=True)
    part.replace(task)
    return task


def _texts(row: Row) -> dict[str, str]:
    about = row.metadata
    wanted = {"f2p": about.f2p, "p2p": about.p2p, "command": row.tests_command.split()}
    values = {
        "name": f"{about.repository}/{row.id}",
        "id": row.id,
        "commit": about.commit,
        "python": about.python or "3.12",
    }
    return {
        "instruction.md": row.task + "\n",
        "task.toml": _filled("task.toml", values),
        "environment/Dockerfile": _filled("Dockerfile", values),
        "environment/requirements.txt": "\n".join(about.requirements) + "\n",
        "tests/test.sh": _filled("test.sh", values),
        "tests/grade.py": _filled("grade.py", {}),
        "tests/tests.patch": about.test_patch,
        "tests/wanted.json": json.dumps(wanted, indent=1),
        "solution/solve.sh": _filled("solve.sh", values),
        "solution/solution.patch": row.diff,
    }


def _filled(name: str, values: dict[str, str]) -> str:
    text = files(__package__).joinpath("harbor_files", f"{name}.txt").read_text("utf-8")
    return Template(text).substitute(values)
