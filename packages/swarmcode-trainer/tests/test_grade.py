"""SWE-bench's rules, one by one."""

import pytest

from swarmcode_trainer.eval import Stage, SuiteRun, Verdict, grade, lists_from_runs

FIXED, KEPT = "t.py::test_fixed", "t.py::test_kept"


def run(stage: Stage = Stage.FINISHED, **outcomes: str) -> SuiteRun:
    return SuiteRun(
        stage, outcomes={f"t.py::test_{name}": value for name, value in outcomes.items()}
    )


def verdict(suite: SuiteRun) -> Verdict:
    return grade(suite, fail_to_pass=[FIXED], pass_to_pass=[KEPT]).verdict


def test_every_deciding_test_must_pass() -> None:
    """And tests that decide nothing may fail."""
    assert verdict(run(fixed="passed", kept="passed", other="failed")) is Verdict.SOLVED


@pytest.mark.parametrize(
    "outcome", ["failed", "error", "skipped", "xfailed", "xpassed", "not there"]
)
@pytest.mark.parametrize("test", ["fixed", "kept"])
def test_anything_but_passed_is_a_failure(test: str, outcome: str) -> None:
    """A fail-to-pass test that is skipped was not mended, and one that vanished was not kept."""
    outcomes = {"fixed": "passed", "kept": "passed", test: outcome}
    if outcome == "not there":
        del outcomes[test]
    result = grade(run(**outcomes), fail_to_pass=[FIXED], pass_to_pass=[KEPT])
    assert result.verdict is Verdict.TESTS_FAILED
    assert result.broken == {f"t.py::test_{test}": outcome}
    assert "of 1 mended" in result.reason


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.NO_PROOF, Verdict.NO_PROOF),
        (Stage.TAMPERED, Verdict.TAMPERED),
        (Stage.TIMED_OUT, Verdict.TIMED_OUT),
        (Stage.INFRASTRUCTURE, Verdict.INFRASTRUCTURE),
    ],
)
def test_a_run_that_did_not_finish_solves_nothing(stage: Stage, expected: Verdict) -> None:
    """Even if what it reported looks like success."""
    assert verdict(run(stage, fixed="passed", kept="passed")) is expected


def test_a_task_without_a_mended_test_proves_nothing() -> None:
    """No list, no verdict of success."""
    result = grade(run(kept="passed"), fail_to_pass=[], pass_to_pass=[KEPT])
    assert result.verdict is Verdict.INFRASTRUCTURE


def test_the_lists_are_found_from_two_runs() -> None:
    """Mended: passes after and not before. Kept: passes in both."""
    before = run(fixed="failed", kept="passed", broken="passed", skipped="skipped")
    after = run(fixed="passed", kept="passed", broken="failed", skipped="skipped")
    lists = lists_from_runs(before, after)
    assert lists.fail_to_pass == (FIXED,)
    assert lists.pass_to_pass == (KEPT,)
