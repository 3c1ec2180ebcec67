"""What outcomes prove."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.synth.prove.verdict import judge, score

OUTCOME = st.sampled_from(["passed", "failed", "skipped"])
RUN = st.dictionaries(st.sampled_from("abcdef"), OUTCOME)
RUNS = st.lists(RUN, min_size=1, max_size=3)


def test_each_kind() -> None:
    """Fixed, kept, broken, skipped, unknown before, and flaky on either side."""
    before = {
        "fixed": "failed", "kept": "passed", "broken": "passed", "skipped": "failed",
        "flaky": "passed", "late": "failed",
    }  # fmt: skip
    after = {
        "fixed": "passed", "kept": "passed", "broken": "failed", "skipped": "skipped",
        "new": "passed", "flaky": "passed", "late": "passed",
    }  # fmt: skip
    verdict = judge([before, {**before, "flaky": "failed"}], [after, {**after, "late": "failed"}])
    assert verdict.f2p == ("fixed", "new")
    assert verdict.p2p == ("kept",)
    assert verdict.broken == ("broken",)
    assert verdict.flaky == ("flaky", "late")


@given(RUNS, RUNS)
def test_a_verdict_is_consistent_with_its_runs(before: list[dict], after: list[dict]) -> None:
    """No test is in two lists; the change scores 1 and nothing scores 0, whatever happened."""
    verdict = judge(before, after)
    lists = (verdict.f2p, verdict.p2p, verdict.flaky, verdict.broken)
    assert sum(map(len, lists)) == len({name for names in lists for name in names})
    if verdict.f2p:
        assert all(score(verdict, run) == 1.0 for run in after)
    assert all(score(verdict, run) == 0.0 for run in before)
