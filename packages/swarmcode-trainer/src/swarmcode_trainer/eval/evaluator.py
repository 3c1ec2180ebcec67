"""An evaluation from start to end: tasks, answers, judgements, figures, report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .answers import Answer, Answerer, Endpoint, LocalModel
from .config import EvalConfig
from .grade import DecidingTests, Verdict
from .journal import Journal, Key
from .judge import Judgement, Metric
from .metrics import Comparison
from .report import write_report
from .summary import SubjectSummary, compare_subjects, summarise
from .tasks import Task, read_tasks
from .units import (
    EMPTY,
    ORACLE,
    Executor,
    JudgeUnit,
    ListsUnit,
    LocalExecutor,
    find_deciding,
    judge_unit,
)

MODEL, BASE = "model", "base"


@dataclass(frozen=True, slots=True)
class TestResults:
    """Tests of all pristine copies together, of the evaluated model's patches.

    Attributes:
        passed: tests that passed.
        failed: tests that did not.
        total: both.
        output: what the last suite printed, shortened.
    """

    __test__ = False  # not a test, whatever pytest thinks of its name

    passed: int
    failed: int
    total: int
    output: str


@dataclass(frozen=True, slots=True)
class EvalResult:
    """What an evaluation came to.

    Attributes:
        pass_rate: the share of answers that solve their task; 0 where tests were not run.
        patch_apply_rate: the share of answers that are patches and apply.
        test_results: the tests behind it; None where tests were not run.
        examples_evaluated: how many tasks there were; none is left out.
        detailed_results: one object for every answer.
        subjects: the figures of the model and of each baseline, by name.
        gain: the model against its base without adapter; None where the base was not measured.
        baselines_hold: the true fixes solve every task, and no change solves none.
        report_path: the report.
    """

    pass_rate: float
    patch_apply_rate: float
    test_results: TestResults | None
    examples_evaluated: int
    detailed_results: tuple[Mapping[str, Any], ...]
    subjects: Mapping[str, SubjectSummary]
    gain: Comparison | None
    baselines_hold: bool
    report_path: Path


@dataclass(frozen=True, slots=True)
class EvalProgress:
    """One sign of life: what is being done, how much of it is done."""

    stage: str
    done: int
    total: int


class Evaluator:
    """Evaluates a model by running the tests of what it changed.

    Args:
        config: what to evaluate, on what, how.
        answerer: answers instead of the configured model, such as a recording.
        executor: where suites run; this machine unless another is given.
        metrics: what else to measure on every patch that applies.
        on_progress: told of every step.
    """

    def __init__(
        self,
        config: EvalConfig,
        *,
        answerer: Answerer | None = None,
        executor: Executor | None = None,
        metrics: Sequence[Metric] = (),
        on_progress: Callable[[EvalProgress], None] = lambda _: None,
    ) -> None:
        self.config = config
        self._answerer = answerer
        self._executor = executor or LocalExecutor(config.jobs)
        self._metrics = tuple(metrics)
        self._tell = on_progress

    def evaluate(self) -> EvalResult:
        """Evaluate, and write journal and report; a stopped evaluation goes on.

        Raises:
            TrainerError: the data, the model or the folder cannot be used.
        """
        tasks = read_tasks(
            self.config.test_dataset,
            test_command=self.config.test_command,
            repository=self.config.repository,
        )
        journal = Journal(self.config)
        try:
            subjects = self._answer(tasks, journal)
            if self.config.run_tests:
                self._decide(tasks, journal)
            self._judge(tasks, [ORACLE, EMPTY, *subjects], journal)
            return self._result(tasks, [ORACLE, EMPTY, *subjects], journal)
        finally:
            journal.close()

    # ── answers ───────────────────────────────────────────────────────────────────────

    def _answer(self, tasks: Sequence[Task], journal: Journal) -> list[str]:
        asked = [MODEL] if self._base() is None else [BASE, MODEL]
        missing = {
            subject: [
                Key(subject, task.name, sample)
                for task in tasks
                for sample in range(self.config.samples)
                if Key(subject, task.name, sample) not in journal.answers
            ]
            for subject in asked
        }
        by_name = {task.name: task for task in tasks}
        if any(missing.values()):
            with self._answerers() as answerers:
                for subject, keys in missing.items():
                    for done, key in enumerate(keys):
                        self._tell(EvalProgress(f"answers of {subject}", done, len(keys)))
                        answer = answerers[subject](by_name[key.task], key.sample)
                        journal.answer(key, answer)
        return asked

    def _base(self) -> str | None:
        """What the base is measured with; None where it is not."""
        config = self.config
        if self._answerer is not None or not config.with_base:
            return None
        if config.endpoint is not None:
            return config.endpoint_base
        return "the same model" if config.adapter_path is not None else None

    @contextmanager
    def _answerers(self) -> Iterator[dict[str, Callable[[Task, int], Answer]]]:
        if self._answerer is not None:
            yield {MODEL: _of(self._answerer)}
        elif self.config.endpoint is not None:
            found = {MODEL: _of(Endpoint(self.config, model=self.config.endpoint_model))}
            if self.config.endpoint_base is not None:
                found[BASE] = _of(Endpoint(self.config, model=self.config.endpoint_base))
            yield found
        else:
            model = LocalModel(self.config)

            def without(task: Task, sample: int) -> Answer:
                with model.without_adapter():
                    return model.answer(task, sample=sample)

            yield {MODEL: _of(model), BASE: without}

    # ── judgements ────────────────────────────────────────────────────────────────────

    def _decide(self, tasks: Sequence[Task], journal: Journal) -> None:
        units = [
            ListsUnit(task, self.config.machine)
            for task in tasks
            if task.name not in journal.deciding
        ]
        for done, (unit, found) in enumerate(self._executor.run(find_deciding, units)):
            self._tell(EvalProgress("finding the tests that decide", done + 1, len(units)))
            journal.decide(unit.task.name, found)

    def _judge(self, tasks: Sequence[Task], subjects: Sequence[str], journal: Journal) -> None:
        units = []
        for subject in subjects:
            for task in tasks:
                for sample in range(1 if subject in (ORACLE, EMPTY) else self.config.samples):
                    key = Key(subject, task.name, sample)
                    if key not in journal.judgements:
                        units.append(self._unit(key, task, journal))
        ready = [unit for unit in units if isinstance(unit, JudgeUnit)]
        for done, (unit, judgement) in enumerate(self._executor.run(judge_unit, ready)):
            self._tell(EvalProgress("judging", done + 1, len(ready)))
            journal.judge(Key(unit.subject, unit.task.name, unit.sample), judgement)

    def _unit(self, key: Key, task: Task, journal: Journal) -> JudgeUnit | None:
        deciding = journal.deciding.get(task.name)
        if isinstance(deciding, str):
            journal.judge(key, Judgement(Verdict.INFRASTRUCTURE, reason=deciding))
            return None
        answer = journal.answers.get(key)
        return JudgeUnit(
            subject=key.subject,
            task=task,
            sample=key.sample,
            text=answer.text if answer else "",
            deciding=deciding if isinstance(deciding, DecidingTests) else None,
            machine=self.config.machine,
            metrics=self._metrics,
        )

    # ── figures ───────────────────────────────────────────────────────────────────────

    def _result(
        self, tasks: Sequence[Task], subjects: Sequence[str], journal: Journal
    ) -> EvalResult:
        names = [task.name for task in tasks]
        found = {subject: summarise(journal, subject, names) for subject in subjects}
        gain = None
        if BASE in found:
            gain = compare_subjects(found[BASE], found[MODEL], seed=self.config.seed)
        holds = not self.config.run_tests or (
            found[ORACLE].solved.successes == len(tasks) and found[EMPTY].solved.successes == 0
        )
        report = write_report(
            self.config.output_dir,
            tasks=tasks,
            subjects=found,
            gain=gain,
            journal=journal,
            baselines_hold=holds,
        )
        return EvalResult(
            pass_rate=found[MODEL].solved.value,
            patch_apply_rate=found[MODEL].applied.value,
            test_results=_test_results(journal) if self.config.run_tests else None,
            examples_evaluated=len(tasks),
            detailed_results=tuple(_details(journal)),
            subjects=found,
            gain=gain,
            baselines_hold=holds,
            report_path=report,
        )


def _of(answerer: Answerer) -> Callable[[Task, int], Answer]:
    return lambda task, sample: answerer.answer(task, sample=sample)


def _test_results(journal: Journal) -> TestResults:
    judged = [judgement for key, judgement in journal.judgements.items() if key.subject == MODEL]
    passed = sum(judgement.passed for judgement in judged)
    failed = sum(judgement.failed for judgement in judged)
    output = next((j.output for j in reversed(judged) if j.output), "")
    return TestResults(passed=passed, failed=failed, total=passed + failed, output=output)


def _details(journal: Journal) -> Iterator[Mapping[str, Any]]:
    for key, judgement in journal.judgements.items():
        yield {
            "subject": key.subject,
            "example": key.task,
            "sample": key.sample,
            "verdict": judgement.verdict.value,
            "reason": judgement.reason,
            "solved": judgement.solved,
            "level": judgement.level,
            "passed": judgement.passed,
            "failed": judgement.failed,
            "broken": dict(judgement.broken),
            "protected_files_touched": list(judgement.protected),
            "seconds": judgement.seconds,
        }
