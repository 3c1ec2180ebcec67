"""Run commands of one workspace behind the strongest walls that this machine has."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from ..errors import NoIsolationError, SandboxError
from .cgroup import make_cgroup
from .mounts import Sensitive, layout, new_git, survey
from .policy import Limits, Policy
from .process import Cancel, Finished, run_process
from .result import Result, Rung
from .rungs import Bubblewrap, Container, Stage

_Runner: TypeAlias = Bubblewrap | Stage | Container

UNISOLATED_WARNING = (
    "commands run WITHOUT isolation: they can read and change everything that you can"
)


class UnisolatedWarning(UserWarning):
    """Given once for every sandbox that was asked to do without isolation."""


class Sandbox:
    """A workspace's commands, isolated by one rung of the ladder.

    Without `rung` the strongest one that works here is taken; where none works, NoIsolationError
    says why for each. `unisolated=True` is the only way to run without walls, and it warns.
    """

    def __init__(
        self, policy: Policy | str | Path, *, rung: Rung | None = None, unisolated: bool = False
    ) -> None:
        self.policy = policy if isinstance(policy, Policy) else Policy(Path(policy))
        if unisolated:
            warnings.warn(UNISOLATED_WARNING, UnisolatedWarning, stacklevel=2)
            self.rung = Rung.UNISOLATED
        else:
            self.rung = _chosen(self.policy, rung)

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: str | Path | None = None,
        limits: Limits | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Run one command to its end and return what it did; no shell reads it.

        Raises SandboxError where it could not be started at all.
        """
        policy = self.policy if limits is None else _limited(self.policy, limits)
        inside = self._inside(folder)
        words = self._found(argv, inside)
        before = survey(policy.workspace)
        finished = self._finish(policy, before, words, str(inside), cancel)
        return Result(
            argv=tuple(argv),
            exit_code=finished.exit_code,
            ended=finished.ended,
            stdout=finished.stdout,
            stderr=finished.stderr,
            wall_s=finished.wall_s,
            rung=self.rung,
            notes=_put_away(policy, before),
        )

    async def arun(
        self,
        argv: Sequence[str],
        *,
        folder: str | Path | None = None,
        limits: Limits | None = None,
    ) -> Result:
        """Run one command in a thread. Cancelling the task ends the command and all it started."""
        cancel = threading.Event()
        running = asyncio.ensure_future(
            asyncio.to_thread(self.run, argv, folder=folder, limits=limits, cancel=cancel)
        )
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            cancel.set()
            await asyncio.wait([running])
            raise

    def _inside(self, folder: str | Path | None) -> Path:
        inside = (self.policy.workspace / (folder or ".")).resolve()
        if not inside.is_relative_to(self.policy.workspace) or not inside.is_dir():
            raise SandboxError(f"{str(folder)!r} is not a folder of the workspace")
        return inside

    def _found(self, argv: Sequence[str], inside: Path) -> list[str]:
        if not argv or not argv[0] or any("\x00" in word for word in argv):
            raise SandboxError("the command is empty, or has a NUL byte in it")
        if self.rung is Rung.CONTAINER:
            return list(argv)
        if "/" in argv[0]:
            found = (inside / argv[0]).exists()
        else:
            path = os.environ.get("PATH") if self.rung is Rung.UNISOLATED else self.policy.path
            found = shutil.which(argv[0], path=path) is not None
        if not found:
            raise SandboxError(
                f"{argv[0]!r} is not installed where the sandbox looks "
                f"({self.policy.path}); install it, or add its folder to `readable`"
            )
        return list(argv)

    def _finish(
        self,
        policy: Policy,
        before: Sensitive,
        argv: list[str],
        folder: str,
        cancel: Cancel | None,
    ) -> Finished:
        cgroup = None if self.rung is Rung.CONTAINER else make_cgroup(policy.limits)
        runner: _Runner
        if self.rung is Rung.UNISOLATED:
            runner = Stage(policy, (), cgroup, isolate=False)
        else:
            runner = _RUNNERS[self.rung](policy, layout(policy, before), cgroup)
        try:
            launch = runner.launch(argv, folder)
            finished = run_process(launch, policy.limits, cgroup=cgroup, cancel=cancel)
            failed = self._failure(runner, finished)
        finally:
            runner.close()
        if failed is not None:
            raise SandboxError(f"{self.rung.value}: {failed}")
        return finished

    def _failure(self, runner: _Runner, finished: Finished) -> str | None:
        if finished.exit_code < 125 and self.rung is not Rung.BUBBLEWRAP:
            return None
        if finished.ended.value != "exited" or finished.exit_code > 128:
            return None
        if self.rung is Rung.CONTAINER:
            return finished.stderr.text.strip() if finished.exit_code == 125 else None
        why = runner.failure()
        return None if why is None else f"{why}: {finished.stderr.text.strip()}".rstrip(": ")


_RUNNERS = {
    Rung.BUBBLEWRAP: Bubblewrap,
    Rung.NAMESPACES: Stage,
    Rung.CONTAINER: Container,
}


def _chosen(policy: Policy, rung: Rung | None) -> Rung:
    from .ladder import status_of

    if rung is Rung.UNISOLATED:
        raise SandboxError("running without isolation has to be asked for: unisolated=True")
    asked = [rung] if rung is not None else list(_RUNNERS)
    reasons: dict[str, str] = {}
    for candidate in asked:
        if candidate is Rung.CONTAINER and policy.image is None:
            reasons[candidate.value] = "no image is configured"
            continue
        status = status_of(candidate, image=policy.image)
        if status.works:
            return candidate
        reasons[candidate.value] = status.why
    raise NoIsolationError(reasons)


def _limited(policy: Policy, limits: Limits) -> Policy:
    from dataclasses import replace

    return replace(policy, limits=limits)


def _put_away(policy: Policy, before: Sensitive) -> tuple[str, ...]:
    """Rename every `.git` that the command made: the next `git` outside would run its hooks."""
    if not policy.protect_git:
        return ()
    notes = []
    for path in new_git(before, survey(policy.workspace)):
        aside = f"{path}-from-sandbox-{secrets.token_hex(3)}"
        Path(path).rename(aside)
        name = os.path.relpath(path, policy.workspace)
        notes.append(f"the command made {name}; it was renamed to {Path(aside).name}")
    return tuple(notes)
