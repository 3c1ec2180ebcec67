"""Tests behind walls: the strongest rung of isolation that the machine has, and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...sandbox import Ended, Limits, Policy, Rung, Sandbox
from .execute import Finished

_SHOWN = 8000


@dataclass(frozen=True, slots=True)
class IsolatedExecutor:
    """Runs tests in the sandbox: their folder is writable, nothing else, and they are offline.

    Args:
        rung: how to isolate; the strongest that works when None. `Rung.CONTAINER` needs `image`.
        image: the container image, which must be on the machine.
        memory_bytes: how much memory the tests may use.

    Raises:
        NoIsolationError: at the first run, when no rung works on this machine.
    """

    rung: Rung | None = None
    image: str | None = None
    memory_bytes: int = 2 << 30

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        readable: Sequence[Path],
        timeout: float,
    ) -> Finished:
        """Run to the end or to a limit; the sandbox ends whatever is left."""
        policy = Policy(
            folder,
            Limits(wall_s=timeout, cpu_s=int(timeout) + 1, memory_bytes=self.memory_bytes),
            readable=tuple(readable),
            environment=(*environment.items(), ("PYTHONDONTWRITEBYTECODE", "")),
            protect_git=False,
            image=self.image,
        )
        result = Sandbox(policy, rung=self.rung).run(command)
        slow = result.ended in (Ended.TIME, Ended.CPU)
        return Finished(None if slow else result.exit_code, result.output[-_SHOWN:])
