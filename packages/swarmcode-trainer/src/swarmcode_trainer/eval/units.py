"""Work that can be done anywhere: each unit brings all it needs, and nothing else is shared."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from .._extras import extra
from ..errors import WorkspaceError
from .grade import DecidingTests, Verdict
from .judge import NO_CHANGE, Judgement, Metric, apply_only, find_lists, judge, read_answer
from .suite import Machine
from .tasks import Task
from .workspace import make_reference

ORACLE, EMPTY = "oracle", "empty"
Unit = TypeVar("Unit")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class ListsUnit:
    """Find the tests that decide about a task."""

    task: Task
    machine: Machine


@dataclass(frozen=True, slots=True)
class JudgeUnit:
    """Judge one answer.

    Attributes:
        subject: who answered: a model's name, or a baseline's.
        task: the task.
        sample: which of its answers.
        text: the answer; baselines need none.
        deciding: the tests that decide; None sees only whether the patch applies.
        machine: how tests are run.
        metrics: what else to measure.
    """

    subject: str
    task: Task
    sample: int
    text: str
    deciding: DecidingTests | None
    machine: Machine
    metrics: Sequence[Metric] = ()


def find_deciding(unit: ListsUnit) -> DecidingTests | str:
    """Find the deciding tests, or return in one line why they cannot be found."""
    with tempfile.TemporaryDirectory(prefix="swarmcode-reference-") as name:
        try:
            reference = make_reference(unit.task, Path(name) / "tree")
        except WorkspaceError as error:
            return str(error)
        return find_lists(unit.task, reference, unit.machine)


def judge_unit(unit: JudgeUnit) -> Judgement:
    """Judge one answer; what goes wrong around it is a verdict, not an error."""
    with tempfile.TemporaryDirectory(prefix="swarmcode-reference-") as name:
        try:
            reference = make_reference(unit.task, Path(name) / "tree")
        except WorkspaceError as error:
            return Judgement(Verdict.INFRASTRUCTURE, reason=str(error))
        if unit.subject == ORACLE:
            patch = reference.answer
        else:
            found = NO_CHANGE if unit.subject == EMPTY else read_answer(unit.text)
            if found is None:
                return Judgement(Verdict.MALFORMED, reason="the answer holds no patch")
            patch = found
        if unit.deciding is None:
            return apply_only(reference, patch)
        return judge(
            unit.task,
            reference,
            unit.deciding,
            patch,
            machine=unit.machine,
            metrics=unit.metrics,
        )


class Executor(Protocol):
    """Where units are worked on."""

    def run(
        self, work: Callable[[Unit], Outcome], units: Iterable[Unit]
    ) -> Iterator[tuple[Unit, Outcome]]:
        """Yield each unit with what came of it, as they are done."""


class LocalExecutor:
    """This machine: as many suites at a time as there are jobs, each a process of its own."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def run(
        self, work: Callable[[Unit], Outcome], units: Iterable[Unit]
    ) -> Iterator[tuple[Unit, Outcome]]:
        """Work on units in threads; their suites are processes."""
        with ThreadPoolExecutor(self._jobs) as pool:
            pending = {pool.submit(work, unit): unit for unit in units}
            try:
                for done in as_completed(pending):
                    yield pending[done], done.result()
            finally:
                for future in pending:
                    future.cancel()


class RayExecutor:
    """A Ray cluster. Repositories and interpreters must be at the same paths on every machine."""

    def __init__(self, address: str | None = None) -> None:
        self._ray: Any = extra("ray", name="ray")
        if not self._ray.is_initialized():
            self._ray.init(address=address, include_dashboard=False, log_to_driver=False)

    def run(
        self, work: Callable[[Unit], Outcome], units: Iterable[Unit]
    ) -> Iterator[tuple[Unit, Outcome]]:
        """Work on units wherever the cluster has room."""
        remote = self._ray.remote(work)
        pending = {remote.remote(unit): unit for unit in units}
        while pending:
            [done], _ = self._ray.wait(list(pending), num_returns=1)
            yield pending.pop(done), self._ray.get(done)
