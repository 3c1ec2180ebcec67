"""Evaluate a coding agent by running the tests of what it changed.

```python
from swarmcode_trainer.eval import EvalConfig, Evaluator

result = Evaluator(EvalConfig(adapter_path="artifacts/swarmcode_adapter")).evaluate()
```
"""

from .answers import Answer, Answerer
from .config import EvalConfig
from .evaluator import EvalProgress, EvalResult, Evaluator, TestResults
from .grade import DecidingTests, Grade, Stage, SuiteRun, Verdict, grade, lists_from_runs
from .judge import Judgement, Metric
from .metrics import Comparison, Rate, compare, mean_pass_at_k, pass_at_k, rate, sign_test
from .summary import SubjectSummary
from .tasks import Task, read_tasks
from .units import Executor, LocalExecutor, RayExecutor

__all__ = [
    "Answer",
    "Answerer",
    "Comparison",
    "DecidingTests",
    "EvalConfig",
    "EvalProgress",
    "EvalResult",
    "Evaluator",
    "Executor",
    "Grade",
    "Judgement",
    "LocalExecutor",
    "Metric",
    "Rate",
    "RayExecutor",
    "Stage",
    "SubjectSummary",
    "SuiteRun",
    "Task",
    "TestResults",
    "Verdict",
    "compare",
    "grade",
    "lists_from_runs",
    "mean_pass_at_k",
    "pass_at_k",
    "rate",
    "read_tasks",
    "sign_test",
]
