"""Where a test process runs. The prover states what it needs; anything that keeps it will do."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended: its exit status (None when time ran out) and the end of its output."""

    status: int | None
    output: str


class Executor(Protocol):
    """Runs one command in a folder, offline where it can, and leaves no process behind."""

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        readable: Sequence[Path],
        timeout: float,
    ) -> Finished:
        """Run to the end or to the time limit; only `folder` may be written to."""
        ...


@dataclass(frozen=True, slots=True)
class UnisolatedExecutor:
    """Runs the tests as this user, with the network and all files in reach.

    For repositories whose every commit you trust as you trust your own shell. It has to be
    asked for by name.
    """

    memory_bytes: int = 4 << 30

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        readable: Sequence[Path],
        timeout: float,
    ) -> Finished:
        """Run in a session of its own and end all of it when time runs out."""
        del readable
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            resource.prlimit(process.pid, resource.RLIMIT_AS, (self.memory_bytes,) * 2)
            try:
                status: int | None = process.wait(timeout)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                _end(process)
            output.seek(max(0, output.seek(0, os.SEEK_END) - 8000))
            return Finished(status, output.read().decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the session, children that outlived their parent among them."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
