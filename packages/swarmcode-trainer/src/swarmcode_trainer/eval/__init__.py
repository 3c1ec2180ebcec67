"""Judge a coding agent by the tests of what it changed: verdicts, rates, comparisons."""

from .grade import DecidingTests, Grade, Stage, SuiteRun, Verdict, grade, lists_from_runs
from .metrics import Comparison, Rate, compare, mean_pass_at_k, pass_at_k, rate, sign_test

__all__ = [
    "Comparison",
    "DecidingTests",
    "Grade",
    "Rate",
    "Stage",
    "SuiteRun",
    "Verdict",
    "compare",
    "grade",
    "lists_from_runs",
    "mean_pass_at_k",
    "pass_at_k",
    "rate",
    "sign_test",
]
