"""Real repositories, made by git in temporary folders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarmcode_agent.ingest import IngestConfig, IngestResult, RepositoryIngester

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+00:00",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+00:00",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Repository:
    """A repository under a temporary folder."""

    path: Path

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        run = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            input=stdin,
            capture_output=True,
            check=True,
            env={**os.environ, **IDENTITY},
        )
        return run.stdout.decode().strip()

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, message: str = "Change", files: dict[str, str | bytes] | None = None) -> str:
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository with the branch main."""
    made = Repository(tmp_path / "shop")
    made.path.mkdir()
    made.git("init", "-q", "-b", "main")
    return made


Ingest = Callable[..., IngestResult]


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    """Ingest a source into `tmp_path/out`."""

    def run(source: Any, **settings: Any) -> IngestResult:
        settings = {"output_dir": str(tmp_path / "out"), **settings}
        extra = {key: settings.pop(key) for key in ("enrichers", "on_progress") if key in settings}
        config = IngestConfig(source=str(source), **settings)
        return RepositoryIngester(config, **extra).ingest()

    return run
