"""The Pythons of this machine, and which of them a commit of some day would have been run with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from ...errors import EnvironmentBuildError

_RELEASED = {
    (3, 8): datetime(2019, 10, 14, tzinfo=UTC),
    (3, 9): datetime(2020, 10, 5, tzinfo=UTC),
    (3, 10): datetime(2021, 10, 4, tzinfo=UTC),
    (3, 11): datetime(2022, 10, 24, tzinfo=UTC),
    (3, 12): datetime(2023, 10, 2, tzinfo=UTC),
    (3, 13): datetime(2024, 10, 7, tzinfo=UTC),
    (3, 14): datetime(2025, 10, 7, tzinfo=UTC),
}
# Libraries need a while until they support a new Python.
_ADOPTION = timedelta(days=270)


@dataclass(frozen=True, slots=True, order=True)
class Interpreter:
    """One installed Python."""

    version: tuple[int, int]
    path: str


@cache
def installed() -> tuple[Interpreter, ...]:
    """Every Python from 3.8 that uv finds, oldest first; this process's own at the least."""
    own = Interpreter((sys.version_info.major, sys.version_info.minor), sys.executable)
    found = {own.version: own}
    for entry in (*_listing(), *_of_pyenv()):
        match = re.match(r"(\d+)\.(\d+)", entry.get("version", ""))
        path = entry.get("path")
        if match and path and entry.get("implementation") == "cpython":
            version = (int(match[1]), int(match[2]))
            if version >= (3, 8):
                found.setdefault(version, Interpreter(version, path))
    return tuple(sorted(found.values()))


def _listing() -> list[dict[str, str]]:
    ask = ("uv", "python", "list", "--only-installed", "--output-format", "json")
    try:
        done = subprocess.run(ask, capture_output=True, timeout=60, check=False)
        return list(json.loads(done.stdout)) if done.returncode == 0 else []
    except FileNotFoundError as error:
        raise EnvironmentBuildError("uv is not installed", detail="pip install uv") from error
    except (subprocess.TimeoutExpired, ValueError):
        return []


def _of_pyenv() -> Iterator[dict[str, str]]:
    """The versions that pyenv keeps; its shims hide all but one of them from uv."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(root.glob("versions/[0-9]*")):
        python = folder / "bin" / "python"
        if python.exists() and not folder.is_symlink():
            yield {"version": folder.name, "path": str(python), "implementation": "cpython"}


def choose(
    when: datetime, requires_python: str, interpreters: Sequence[Interpreter]
) -> Interpreter:
    """The newest Python that was in use by then and that the project admits; else the oldest."""
    admitted = [each for each in interpreters if admits(requires_python, each.version)]
    candidates = admitted or list(interpreters)
    known = [each for each in candidates if _in_use(each) <= when]
    return max(known) if known else min(candidates)


def _in_use(interpreter: Interpreter) -> datetime:
    newest = max(_RELEASED.values())
    return _RELEASED.get(interpreter.version, newest) + _ADOPTION


def admits(requires_python: str, version: tuple[int, int]) -> bool:
    """Whether a range such as `>=3.8,<4` admits a version; what cannot be read admits all."""
    for part in requires_python.split(","):
        match = re.match(r"\s*(>=|<=|==|!=|<|>|~=)\s*(\d+)(?:\.(\d+))?", part)
        if match is None:
            continue
        sign, bound = match[1], (int(match[2]), int(match[3] or 0))
        exact = match[3] is not None
        if sign in (">=", "~=") and version < bound:
            return False
        if sign == "<" and version >= bound:
            return False
        if sign == "<=" and version > bound:
            return False
        if sign == "==" and exact and "*" in part and version != bound:
            return False
    return True
