"""Whether a patch solves its task: SWE-bench's rules, and one for cheats.

A task is solved when every test that the true fix mends passes (fail-to-pass) and every test
that passed before still does (pass-to-pass). Passed means passed: a test that is skipped, is
expected to fail, or is not there, did not. A run that brings no proof that the suite ran to its
end counts for nothing, and so does one in which the test framework was tampered with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

PASSED = "passed"


class Verdict(Enum):
    """What became of one patch. Only SOLVED counts as a success."""

    SOLVED = "solved"
    TESTS_FAILED = "tests failed"
    MALFORMED = "not a patch"
    NOT_APPLIED = "does not apply"
    NO_PROOF = "no proof that the tests ran"
    TAMPERED = "the test framework was tampered with"
    TIMED_OUT = "timed out"
    INFRASTRUCTURE = "could not be run"
    NOT_RUN = "applies; tests were not asked for"


class Stage(Enum):
    """How a run of a suite ended, before anybody looks at its tests."""

    FINISHED = "finished"
    TIMED_OUT = "timed out"
    NO_PROOF = "no proof"
    TAMPERED = "tampered"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run of a test suite.

    Attributes:
        stage: how it ended.
        outcomes: what became of each test, by its id; trusted only where it finished.
        output: what it printed, shortened.
        seconds: how long it took.
        reason: why it did not finish, in one line.
    """

    stage: Stage
    outcomes: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    seconds: float = 0.0
    reason: str = ""

    @property
    def passed(self) -> frozenset[str]:
        """The tests that passed, if the run can be believed."""
        if self.stage is not Stage.FINISHED:
            return frozenset()
        return frozenset(test for test, outcome in self.outcomes.items() if outcome == PASSED)


@dataclass(frozen=True, slots=True)
class Grade:
    """The verdict on one run, and why.

    Attributes:
        verdict: what it came to.
        broken: the tests that should have passed and did not, with what became of them.
        reason: one line for a person.
    """

    verdict: Verdict
    broken: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


_STAGES = {
    Stage.TIMED_OUT: Verdict.TIMED_OUT,
    Stage.NO_PROOF: Verdict.NO_PROOF,
    Stage.TAMPERED: Verdict.TAMPERED,
    Stage.INFRASTRUCTURE: Verdict.INFRASTRUCTURE,
}


def grade(run: SuiteRun, *, fail_to_pass: Sequence[str], pass_to_pass: Sequence[str]) -> Grade:
    """Judge a run of the suite in the pristine copy with the patch.

    A task without a fail-to-pass test proves nothing, and is not solved by anything.
    """
    if run.stage is not Stage.FINISHED:
        return Grade(_STAGES[run.stage], reason=run.reason or run.stage.value)
    if not fail_to_pass:
        return Grade(Verdict.INFRASTRUCTURE, reason="the task names no test that the fix mends")
    wanted = dict.fromkeys((*fail_to_pass, *pass_to_pass))
    broken = {
        test: outcome
        for test in wanted
        if (outcome := run.outcomes.get(test, "not there")) != PASSED
    }
    if not broken:
        return Grade(Verdict.SOLVED)
    mended = sum(test not in broken for test in fail_to_pass)
    kept = sum(test not in broken for test in pass_to_pass)
    return Grade(
        Verdict.TESTS_FAILED,
        broken=broken,
        reason=f"{mended} of {len(fail_to_pass)} mended, {kept} of {len(pass_to_pass)} kept",
    )


@dataclass(frozen=True, slots=True)
class DecidingTests:
    """Which tests decide about a task.

    Attributes:
        fail_to_pass: those that the true fix mends.
        pass_to_pass: those that pass before and after it.
    """

    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]


def lists_from_runs(before: SuiteRun, after: SuiteRun) -> DecidingTests:
    """Find the lists from a run without any patch and one with the true fix."""
    return DecidingTests(
        fail_to_pass=tuple(sorted(after.passed - before.passed)),
        pass_to_pass=tuple(sorted(after.passed & before.passed)),
    )
