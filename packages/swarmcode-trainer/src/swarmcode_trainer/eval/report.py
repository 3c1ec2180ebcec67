"""The evaluation as one HTML file: the figures, and every example with diff, output, verdict."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from .grade import Verdict
from .journal import Journal, Key
from .judge import Judgement
from .metrics import Comparison, Rate
from .summary import SubjectSummary
from .tasks import Task

NAME = "evaluation.html"
EXPLAINED = {"oracle": "the true fix", "empty": "no change", "base": "the base model alone"}


def write_report(
    folder: Path,
    *,
    tasks: Sequence[Task],
    subjects: Mapping[str, SubjectSummary],
    gain: Comparison | None,
    journal: Journal,
    baselines_hold: bool,
) -> Path:
    """Write the report, and return where."""
    page = Template(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    text = page.substitute(
        title=f"Evaluation on {len(tasks)} examples",
        warning="" if baselines_hold else _warning(subjects),
        subjects="".join(_subject_row(summary) for summary in subjects.values()),
        gain=_gain(gain),
        verdicts="".join(_verdict_row(summary) for summary in subjects.values()),
        examples="".join(_example(task, list(subjects), journal) for task in tasks),
    )
    path = folder / NAME
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def _warning(subjects: Mapping[str, SubjectSummary]) -> str:
    oracle, empty = subjects["oracle"].solved, subjects["empty"].solved
    return (
        '<p class="warning" role="alert">These figures are not to be trusted: the true fixes '
        f"solve {oracle.successes} of {oracle.total} examples (all are expected), and no change "
        f"solves {empty.successes} (none is expected). The verdicts below say why.</p>"
    )


def _percent(value: Rate) -> str:
    return (
        f"{value.value:.1%} <small>({value.low:.1%}–{value.high:.1%}; "
        f"{value.successes} of {value.total})</small>"
    )


def _subject_row(summary: SubjectSummary) -> str:
    name = escape(summary.subject)
    note = EXPLAINED.get(summary.subject, "what is evaluated")
    cells = [
        f"{name}<br><small>{note}</small>",
        _percent(summary.solved),
        ", ".join(f"pass@{k} {value:.1%}" for k, value in summary.pass_at.items()),
        _percent(summary.applied),
        _percent(summary.well_formed),
        ", ".join(f"{level} {count}" for level, count in summary.levels.items()),
        str(summary.completion_tokens),
        f"{summary.seconds:.1f} + {summary.judging_seconds:.1f}",
        ", ".join(f"{escape(key)} {value:.3g}" for key, value in summary.measured.items()),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _gain(gain: Comparison | None) -> str:
    if gain is None:
        return "<p>The base model without an adapter was not measured.</p>"
    decided = "leaves out zero" if gain.decided else "holds zero: it may be chance"
    return (
        f"<p>Against its base, on the same {gain.examples} examples: "
        f"<strong>{gain.difference:+.1%}</strong> ({gain.low:+.1%} to {gain.high:+.1%}; the 95 % "
        f"interval {decided}). {gain.gained} gained, {gain.lost} lost; sign test "
        f"p = {gain.p_value:.3g}.</p>"
    )


def _verdict_row(summary: SubjectSummary) -> str:
    counts = ", ".join(f"{escape(name)}: {count}" for name, count in summary.verdicts.items())
    return f"<tr><td>{escape(summary.subject)}</td><td>{counts}</td></tr>"


def _example(task: Task, subjects: Sequence[str], journal: Journal) -> str:
    judged = [
        (key, judgement)
        for key, judgement in journal.judgements.items()
        if key.task == task.name and key.subject in subjects
    ]
    body = "".join(_answer(key, judgement, journal) for key, judgement in judged)
    marks = " ".join(
        f'<span class="{_css(judgement)}">{escape(key.subject)}</span>' for key, judgement in judged
    )
    return (
        f"<details><summary>{escape(task.name)}: {escape(task.row.task[:120])} {marks}</summary>"
        f"<h4>The true fix</h4><pre>{_diff(task.row.diff)}</pre>{body}</details>"
    )


def _answer(key: Key, judgement: Judgement, journal: Journal) -> str:
    answer = journal.answers.get(key)
    touched = ", ".join(judgement.protected)
    parts = [
        f'<h4>{escape(key.subject)}, answer {key.sample + 1}: <span class="{_css(judgement)}">'
        f"{escape(judgement.verdict.value)}</span></h4>",
        f"<p>{escape(judgement.reason)}</p>" if judgement.reason else "",
        f"<p>It touched tests or their settings, which were put back: {escape(touched)}. "
        f"As it left them: {escape(judgement.as_left)}.</p>"
        if touched
        else "",
        f"<pre>{_diff(answer.text)}</pre>" if answer else "",
        f"<pre>{escape(judgement.output)}</pre>" if judgement.output else "",
    ]
    return "".join(parts)


def _css(judgement: Judgement) -> str:
    return "solved" if judgement.verdict is Verdict.SOLVED else "failed"


def _diff(text: str) -> str:
    kinds = {"+": "ins", "-": "del"}
    lines = []
    for line in text.splitlines():
        tag = kinds.get(line[:1])
        plain = escape(line)
        lines.append(f"<{tag}>{plain}</{tag}>" if tag and line[:3] not in ("+++", "---") else plain)
    return "\n".join(lines)
