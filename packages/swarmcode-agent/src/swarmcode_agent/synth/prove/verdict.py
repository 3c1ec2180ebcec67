"""From the outcomes of some runs to what they prove. Pure: no process, no file, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Outcomes: TypeAlias = Mapping[str, str]

PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which tests the change turns from failing to passing, and which it keeps passing.

    A test that a run does not know counts as not passing, as one that cannot be imported does.
    A skipped test is neither: it proves nothing on either side.
    """

    f2p: tuple[str, ...]
    p2p: tuple[str, ...]
    flaky: tuple[str, ...]
    broken: tuple[str, ...]


def judge(before: Sequence[Outcomes], after: Sequence[Outcomes]) -> Verdict:
    """Compare the runs before a change with those after it.

    A test whose runs on one side disagree is flaky and left out of everything else.
    """
    names = sorted({name for run in (*before, *after) for name in run})
    flaky: list[str] = []
    f2p: list[str] = []
    p2p: list[str] = []
    broken: list[str] = []
    for name in names:
        was = {run.get(name) == PASSED for run in before}
        told = {run.get(name) for run in after}
        if len(was) > 1 or len(told) > 1:
            flaky.append(name)
        elif told == {PASSED}:
            (p2p if was == {True} else f2p).append(name)
        elif was == {True}:
            broken.append(name)
    return Verdict(tuple(f2p), tuple(p2p), tuple(flaky), tuple(broken))


def score(verdict: Verdict, outcomes: Outcomes) -> float:
    """1.0 when every test of the verdict passed in a run, else 0.0; 0.0 for no f2p test."""
    wanted: Iterable[str] = (*verdict.f2p, *verdict.p2p)
    passed = all(outcomes.get(name) == PASSED for name in wanted)
    return 1.0 if verdict.f2p and passed else 0.0
