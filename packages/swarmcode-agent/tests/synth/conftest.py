"""Small real repositories, made with git for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class Made:
    """A repository under construction; every commit is a day after the one before."""

    path: Path
    day: int = 0
    commits: list[str] = field(default_factory=list)

    def git(self, *arguments: str, **extra: str) -> str:
        moment = f"2024-01-{1 + self.day % 28:02d}T12:00:{self.day // 28:02d}+00:00"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_DATE": moment,
            **extra,
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(
        self, message: str, files: Mapping[str, str | bytes | None] | None = None, **extra: str
    ) -> str:
        for name, content in (files or {}).items():
            place = self.path / name
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            raw = content if isinstance(content, bytes) else content.encode()
            place.write_bytes(raw)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, **extra)
        self.day += 1
        self.commits.append(self.git("rev-parse", "HEAD"))
        return self.commits[-1]


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[..., Made]:
    """Make an empty repository below the test's own folder."""

    return lambda name="project": empty_repository(tmp_path / name)


@pytest.fixture
def own_project(project: Made, tmp_path: Path) -> Made:
    """A copy of the project that a test may add to."""
    folder = tmp_path / "own"
    shutil.copytree(project.path, folder)
    return Made(folder, project.day, list(project.commits))


CALC = '''"""Sums."""


def total(values):
    """Add values up."""
    result = 0
    for value in values:
        result += value
    return result


def mean(values):
    """The middle of values."""
    if not values:
        raise ValueError("no values")
    return total(values) / len(values)


def clamp(value, low, high):
    """Keep a value between bounds."""
    if value < low:
        return low
    if value > high:
        return high
    return value
'''
TESTS = """import pytest

from calc import clamp, mean, total


def test_total():
    assert total([1, 2, 3]) == 6


def test_mean():
    assert mean([2, 4]) == 3
    with pytest.raises(ValueError):
        mean([])


def test_clamp():
    assert clamp(5, 0, 3) == 3
    assert clamp(-1, 0, 3) == 0
    assert clamp(2, 0, 3) == 2
"""


SPREAD = '''

def spread(values):
    """High less low."""
    return max(values) - min(values)
'''


def empty_repository(folder: Path) -> Made:
    """Make a repository without commits."""
    folder.mkdir(parents=True)
    made = Made(folder)
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small project with every kind of commit that the synthesis has to tell apart.

    Made once and read by many: a test that adds to it takes a copy first.
    """
    made = empty_repository(tmp_path_factory.mktemp("made") / "project")
    made.commit(
        "Start",
        {"src/calc.py": CALC, "tests/test_calc.py": TESTS, "LICENSE": "MIT License\n\n" + _MIT},
    )
    top = CALC + SPREAD
    made.commit(
        "Added spread of values (#12)\n\nCloses #12\n\nSigned-off-by: Ada <ada@example.com>\n",
        {
            "src/calc.py": top,
            "tests/test_calc.py": TESTS.replace("clamp, mean,", "clamp, mean, spread,")
            + "\n\ndef test_spread():\n    assert spread([1, 5, 2]) == 4\n",
        },
    )
    fixed = top.replace(
        "    return max(values) - min(values)\n",
        "    if not values:\n        return 0\n"
        "    low = min(values)\n    return max(values) - low\n",
    )
    made.commit(
        "Fixes the spread of nothing\n\nReturn 0 for an empty list: `return max(values) - low`.\n",
        {
            "src/calc.py": fixed,
            "tests/test_calc.py": (made.path / "tests/test_calc.py").read_text()
            + "\n\ndef test_spread_of_nothing():\n    assert spread([]) == 0\n",
        },
    )
    made.commit("Bump version to 1.2", {"src/version.py": 'VERSION = "1.2"\nA = 1\nB = 2\n'})
    made.commit(
        "Explain what clamp keeps",
        {"src/calc.py": fixed.replace("between bounds.", "between\n    two\n    bounds.")},
    )
    made.commit("Write about sums", {"README.md": "Sums.\n"})
    return made


_MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
