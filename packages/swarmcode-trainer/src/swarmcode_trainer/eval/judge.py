"""One answer of a model, from its text to a verdict."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from swarmcode_agent.edits import Level, Patch, apply_patch, parse
from swarmcode_agent.errors import EditError, PathError

from .grade import DecidingTests, SuiteRun, Verdict, grade, lists_from_runs
from .suite import Machine, run_suite
from .tasks import Task
from .workspace import Reference, fresh_copy, restore_protected

FENCE = re.compile(r"^```(?:diff|patch)?[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


NO_CHANGE = Patch(())


class Metric(Protocol):
    """Something further to measure on every patch that applies; an app brings its own."""

    @property
    def name(self) -> str:
        """What it is called in results and reports."""

    def measure(self, before: Path, after: Path) -> float:
        """Compare the tree before with the one after; change neither."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one answer.

    Attributes:
        verdict: the verdict of the pristine copy.
        reason: one line for a person.
        well_formed: whether the answer is a patch at all.
        level: how far the patch had to be bent to fit, by name; empty if it did not.
        protected: the examiner's files that the patch touched; they were put back.
        passed: tests of the pristine copy that passed.
        failed: tests of the pristine copy that did not.
        broken: the deciding tests that did not pass, with their outcomes.
        as_left: what the suite said of the tree as the model left it.
        measured: what further metrics found, by name.
        output: what the suite printed in the pristine copy.
        seconds: how long the judging took.
    """

    verdict: Verdict
    reason: str = ""
    well_formed: bool = False
    level: str = ""
    protected: tuple[str, ...] = ()
    passed: int = 0
    failed: int = 0
    broken: Mapping[str, str] = field(default_factory=dict)
    as_left: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)
    output: str = ""
    seconds: float = 0.0

    @property
    def solved(self) -> bool:
        """Whether it counts."""
        return self.verdict is Verdict.SOLVED


def read_answer(text: str) -> Patch | None:
    """Find the patch in an answer; None where there is none, or a broken one."""
    fenced = FENCE.search(text)
    try:
        patch = parse(fenced.group(1) if fenced else text)
    except EditError:
        return None
    return patch if patch.files else None


def find_lists(task: Task, reference: Reference, machine: Machine) -> DecidingTests:
    """Return the tests that decide: the dataset's, or those that two runs find."""
    if task.fail_to_pass:
        return DecidingTests(task.fail_to_pass, task.pass_to_pass)
    runs = []
    for patch in (None, reference.answer):
        with tempfile.TemporaryDirectory(prefix="swarmcode-eval-") as name:
            tree = fresh_copy(reference.folder, Path(name) / "tree")
            if patch is not None:
                apply_patch(patch, tree, most=Level.EXACT)
            restore_protected(tree, reference)
            runs.append(run_suite(task, tree, machine))
    return lists_from_runs(runs[0], runs[1])


def judge(
    task: Task,
    reference: Reference,
    deciding: DecidingTests,
    patch: Patch,
    *,
    machine: Machine,
    metrics: Sequence[Metric] = (),
) -> Judgement:
    """Apply a patch, run the tests on the tree with it, and grade it in a pristine copy.

    Args:
        task: the task.
        reference: its tree and the examiner's files.
        deciding: the tests that decide.
        patch: the answer; one without files is no change at all.
        machine: how tests are run.
        metrics: what else to measure on the tree before and the pristine copy after.
    """
    with tempfile.TemporaryDirectory(prefix="swarmcode-eval-") as name:
        left = fresh_copy(reference.folder, Path(name) / "left")
        try:
            planned = apply_patch(patch, left)
        except (EditError, PathError) as error:
            reason = str(error).splitlines()[0]
            return Judgement(Verdict.NOT_APPLIED, reason=reason, well_formed=True)
        pristine = fresh_copy(left, Path(name) / "pristine")
        restored = restore_protected(pristine, reference)
        touched = tuple(path for path in restored if path in planned.changes)
        # Where the answer left the examiner's files alone, both runs would be the same.
        first = run_suite(task, left, machine) if touched else None
        measured = {metric.name: metric.measure(reference.folder, pristine) for metric in metrics}
        run = run_suite(task, pristine, machine)
    verdict = grade(run, fail_to_pass=deciding.fail_to_pass, pass_to_pass=deciding.pass_to_pass)
    return Judgement(
        verdict=verdict.verdict,
        reason=verdict.reason,
        well_formed=True,
        level=planned.level.name.lower(),
        protected=touched,
        passed=len(run.passed),
        failed=len(run.outcomes) - len(run.passed),
        broken=dict(verdict.broken),
        as_left=_summary(first) if first else "",
        measured=measured,
        output=run.output,
        seconds=run.seconds + (first.seconds if first else 0.0),
    )


def apply_only(reference: Reference, patch: Patch) -> Judgement:
    """See whether a patch applies, without running anything."""
    with tempfile.TemporaryDirectory(prefix="swarmcode-eval-") as name:
        tree = fresh_copy(reference.folder, Path(name) / "tree")
        try:
            planned = apply_patch(patch, tree)
        except (EditError, PathError) as error:
            reason = str(error).splitlines()[0]
            return Judgement(Verdict.NOT_APPLIED, reason=reason, well_formed=True)
    return Judgement(Verdict.NOT_RUN, well_formed=True, level=planned.level.name.lower())


def _summary(run: SuiteRun) -> str:
    return f"{len(run.passed)} of {len(run.outcomes)} passed ({run.stage.value})"
