"""From judgements to figures, for one subject and for all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .grade import Verdict
from .journal import Journal
from .judge import Judgement
from .metrics import Comparison, Rate, compare, mean_pass_at_k, rate

UNAPPLIED = (Verdict.MALFORMED, Verdict.NOT_APPLIED, Verdict.INFRASTRUCTURE)


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """How one subject did on all tasks.

    Attributes:
        subject: who.
        solved: answers that solve their task.
        applied: answers that are patches and apply.
        well_formed: answers that are patches.
        levels: how far patches had to be bent to apply, by name.
        verdicts: how often each verdict was given.
        pass_at: the unbiased pass@k, by k.
        scores: the share of solved samples, by task.
        measured: the mean of each further metric over the patches that apply.
        completion_tokens: tokens of all answers.
        seconds: time for all answers.
        judging_seconds: time for all suites.
    """

    subject: str
    solved: Rate
    applied: Rate
    well_formed: Rate
    levels: Mapping[str, int]
    verdicts: Mapping[str, int]
    pass_at: Mapping[int, float]
    scores: Mapping[str, float]
    measured: Mapping[str, float]
    completion_tokens: int = 0
    seconds: float = 0.0
    judging_seconds: float = 0.0


def summarise(journal: Journal, subject: str, tasks: Sequence[str]) -> SubjectSummary:
    """Count one subject's judgements; every task counts, whatever became of it."""
    found: dict[str, list[Judgement]] = {task: [] for task in tasks}
    for key, judgement in journal.judgements.items():
        if key.subject == subject:
            found[key.task].append(judgement)
    every = [judgement for judgements in found.values() for judgement in judgements]
    answers = [answer for key, answer in journal.answers.items() if key.subject == subject]
    return SubjectSummary(
        subject=subject,
        solved=rate(sum(judgement.solved for judgement in every), len(every)),
        applied=rate(sum(j.verdict not in UNAPPLIED for j in every), len(every)),
        well_formed=rate(sum(judgement.well_formed for judgement in every), len(every)),
        levels=dict(Counter(judgement.level for judgement in every if judgement.level)),
        verdicts=dict(Counter(judgement.verdict.value for judgement in every)),
        pass_at=_pass_at(found),
        scores={task: _share(judgements) for task, judgements in found.items()},
        measured=_means(every),
        completion_tokens=sum(answer.completion_tokens for answer in answers),
        seconds=sum(answer.seconds for answer in answers),
        judging_seconds=sum(judgement.seconds for judgement in every),
    )


def compare_subjects(first: SubjectSummary, second: SubjectSummary, *, seed: int) -> Comparison:
    """Compare two subjects on the tasks that both were measured on."""
    return compare(first.scores, second.scores, seed=seed)


def _share(judgements: Sequence[Judgement]) -> float:
    return sum(j.solved for j in judgements) / len(judgements) if judgements else 0.0


def _pass_at(found: Mapping[str, Sequence[Judgement]]) -> dict[int, float]:
    counts = [(len(js), sum(j.solved for j in js)) for js in found.values() if js]
    samples = min((total for total, _ in counts), default=0)
    wanted = [k for k in (1, 5, 10, 100) if k <= samples]
    return {k: mean_pass_at_k(counts, k) for k in wanted}


def _means(judgements: Sequence[Judgement]) -> dict[str, float]:
    names = sorted({name for judgement in judgements for name in judgement.measured})
    values = {name: [j.measured[name] for j in judgements if name in j.measured] for name in names}
    return {name: sum(found) / len(found) for name, found in values.items()}
