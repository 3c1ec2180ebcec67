"""Test environments, built by uv from what had been released by the day of a commit.

An environment is named by the digest of its interpreter and its resolved versions, so commits
with the same versions share one and a second run finds it built. Only wheels are installed: no
code of any package, and none of the repository, runs while an environment is made. The project
itself is not installed; its tree goes on the path, with the metadata that a build would give.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ...errors import EnvironmentBuildError
from .interpreters import Interpreter, choose, installed
from .requirements import Needs


@dataclass(frozen=True, slots=True)
class Environment:
    """A built environment: where it is and what is in it."""

    folder: Path
    key: str
    python: str
    versions: tuple[str, ...]

    @property
    def executable(self) -> Path:
        """The interpreter to run."""
        return self.folder / "bin" / "python"

    @property
    def readable(self) -> tuple[Path, ...]:
        """What a run must be able to read: the environment and the Python under it."""
        return self.folder, self.executable.resolve().parents[1]


def default_cache() -> Path:
    """Where environments are kept when nobody says otherwise."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "swarmcode" / "environments"


class EnvironmentSource(Protocol):
    """Where a tree's test environment comes from."""

    def environment(self, needs: Needs, when: datetime) -> Environment:
        """The environment for a tree's needs as of a moment. Raises EnvironmentBuildError."""
        ...


@dataclass(frozen=True, slots=True)
class OwnEnvironment:
    """The environment that this process runs in, for every commit alike.

    For a repository whose requirements are installed here, and for machines without a network.
    """

    def environment(self, needs: Needs, when: datetime) -> Environment:
        """This process's environment, whatever the tree says it needs."""
        del needs, when
        version = ".".join(map(str, sys.version_info[:2]))
        return Environment(Path(sys.prefix), "own", version, ())


@dataclass(slots=True)
class Environments:
    """The cache of environments. Safe to share between threads and between processes."""

    folder: Path
    python: str | None = None
    _locks: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def environment(self, needs: Needs, when: datetime) -> Environment:
        """The environment for a tree's needs as of a moment, built when it is not there.

        Test requirements that cannot be had as wheels for that day are left out; a test that
        misses one fails on both sides and so proves nothing wrong.

        Raises:
            EnvironmentBuildError: what the project itself needs cannot be had.
        """
        interpreter = self._interpreter(needs, when)
        least = ("pytest", *needs.runtime)
        try:
            versions = self._resolved(interpreter, (*least, *needs.tests), when)
        except EnvironmentBuildError:
            self._resolved(interpreter, least, when)
            kept = self._available(interpreter, least, needs.tests, when)
            versions = self._resolved(interpreter, kept, when)
        return self._built(interpreter, versions)

    def _available(
        self, interpreter: Interpreter, least: Sequence[str], tests: Sequence[str], when: datetime
    ) -> tuple[str, ...]:
        """The requirements that can be had together, taken one by one in their order."""
        kept = tuple(least)
        for requirement in tests:
            try:
                self._resolved(interpreter, (*kept, requirement), when)
            except EnvironmentBuildError:
                continue
            kept = (*kept, requirement)
        return kept

    def _interpreter(self, needs: Needs, when: datetime) -> Interpreter:
        if self.python is None:
            return choose(when, needs.requires_python, installed())
        known = [each for each in installed() if self.python in (each.path, _dotted(each))]
        return known[0] if known else Interpreter((0, 0), self.python)

    def _resolved(
        self, interpreter: Interpreter, wish: Sequence[str], when: datetime
    ) -> tuple[str, ...]:
        moment = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = _digest(interpreter.path, moment, *sorted(wish))
        kept = self.folder / "resolved" / f"{key}.json"
        with self._lock(key):
            if kept.exists():
                found = json.loads(kept.read_text("utf-8"))
                if "error" in found:
                    raise EnvironmentBuildError(_CANNOT_RESOLVE, detail=found["error"])
                return tuple(found["versions"])
            try:
                versions = _compile(interpreter, wish, moment)
            except EnvironmentBuildError as error:
                # A day without such versions stays one; an index out of reach may come back.
                if "No solution found" in error.detail:
                    _keep(kept, {"error": error.detail})
                raise
            _keep(kept, {"versions": versions})
        return tuple(versions)

    def _built(self, interpreter: Interpreter, versions: tuple[str, ...]) -> Environment:
        key = _digest(interpreter.path, *versions)
        folder = self.folder / key
        with self._lock(key):
            if not (folder / "complete").exists():
                self._build(folder, interpreter, versions)
        return Environment(folder, key, _dotted(interpreter), versions)

    def _build(self, folder: Path, interpreter: Interpreter, versions: tuple[str, ...]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=self.folder))
        try:
            new = part / "env"
            _uv(("venv", "--quiet", "--relocatable", "--python", interpreter.path, str(new)))
            python = str(new / "bin" / "python")
            pins = "\n".join(versions).encode()
            install = ("pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:")
            compiled = ("--compile-bytecode", "--python", python, "--requirement", "-")
            _uv((*install, *compiled), stdin=pins)
            (new / "complete").write_text("\n".join(versions), "utf-8")
            if not folder.exists():
                new.replace(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks[key]


_CANNOT_RESOLVE = "its requirements cannot be resolved for that day"


def _compile(interpreter: Interpreter, wish: Sequence[str], moment: str) -> list[str]:
    arguments = ("pip", "compile", "--quiet", "--no-header", "--no-annotate", "--only-binary")
    dated = (":all:", "--python", interpreter.path, "--exclude-newer", moment, "-")
    try:
        listing = _uv((*arguments, *dated), stdin="\n".join(wish).encode())
    except EnvironmentBuildError as error:
        raise EnvironmentBuildError(_CANNOT_RESOLVE, detail=error.detail) from error
    return [line.strip() for line in listing.splitlines() if "==" in line]


def _uv(arguments: Sequence[str], *, stdin: bytes = b"") -> str:
    # uv reads the settings of the folder it runs in; an empty one has none.
    with tempfile.TemporaryDirectory(prefix="swarmcode-uv-") as empty:
        try:
            done = subprocess.run(
                ["uv", *arguments],
                input=stdin,
                capture_output=True,
                cwd=empty,
                timeout=300,
                check=False,
            )
        except FileNotFoundError as error:
            raise EnvironmentBuildError("uv is not installed", detail="pip install uv") from error
        except subprocess.TimeoutExpired as error:
            raise EnvironmentBuildError("uv took more than 300 s") from error
    if done.returncode:
        told = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise EnvironmentBuildError("its requirements cannot be installed", detail=told[-600:])
    return done.stdout.decode("utf-8", "replace")


def _keep(path: Path, found: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    part.write_text(json.dumps(found), "utf-8")
    part.replace(path)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _dotted(interpreter: Interpreter) -> str:
    return ".".join(map(str, interpreter.version))
