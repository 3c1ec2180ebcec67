"""The whole project as one HTML page that needs nothing else."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from ..checking import Finding
from ..digests import short
from ..project import Evaluation, HeldOut, Project, Step, newest

STEPS: tuple[Step, ...] = ("ingest", "synth", "train", "eval", "publish")
WHO = {
    "oracle": "the true fix",
    "empty": "no change",
    "base": "the base model",
    "model": "the agent",
}


def page(project: Project, findings: Sequence[Finding], *, notice: str = "") -> str:
    """Draw what was made, how it did, whether it holds, and how it came about."""
    template = Template(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    evaluation = newest(project, "eval")
    return template.substitute(
        name=escape(project.project.name),
        notice=f"<aside><p>{escape(notice)}</p></aside>" if notice else "",
        steps="".join(_step(project, step) for step in STEPS),
        figures=_figures(evaluation) if evaluation is not None else "<p>Not evaluated yet.</p>",
        losses="".join(_losses(found) for found in _newest_losses(project)),
        findings="".join(_finding(finding) for finding in findings),
        thread=escape(project.project.thread),
        trail="".join(_record(kept.id, kept.record) for kept in project.trail),
    )


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _step(project: Project, step: Step) -> str:
    artifact = newest(project, step)
    if artifact is None:
        return _row(step, "not done", "")
    outcome = _summary(project, artifact.digest) or ""
    made = f"{escape(outcome)}<br><code>{escape(artifact.path)}</code>"
    return _row(step, made, f"<code>{escape(short(artifact.digest))}</code>")


def _summary(project: Project, digest: str) -> str | None:
    """What the trail says of an artifact, last."""
    for kept in reversed(project.trail):
        body: Any = kept.record["body"]
        if body.get("artifact") == digest:
            return str(body.get("summary", ""))
    return None


def _figures(evaluation: Evaluation) -> str:
    held = (
        "<p class='yes'>The true fixes solve everything and no change solves nothing: the "
        "figures can be believed.</p>"
        if evaluation.baselines_hold
        else "<p class='no'>The baselines do not hold: the test environment is at fault, and no "
        "figure here means anything.</p>"
    )
    rows = "".join(_subject(evaluation, name) for name in WHO if name in evaluation.subjects)
    heads = "".join(
        f"<th scope='col'>{head}</th>" for head in ("who", "solved", "", "patches apply")
    )
    return f"{held}<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _subject(evaluation: Evaluation, name: str) -> str:
    found = evaluation.subjects[name]
    share = found.solved / found.examples if found.examples else 0.0
    meter = f"<meter min='0' max='1' value='{share:.3f}'>{share:.0%}</meter>"
    return _row(
        WHO[name],
        f"{found.solved} of {found.examples}",
        meter,
        f"{found.applied} of {found.examples}",
    )


def _newest_losses(project: Project) -> list[HeldOut]:
    adapter = newest(project, "train")
    return [one for one in project.losses.values() if adapter and one.adapter == adapter.digest]


def _losses(found: HeldOut) -> str:
    """The losses as a sentence and two bars."""
    decided = "yes" if found.high < 0 else "no"
    most = max(found.base_loss, found.adapter_loss) or 1.0
    bars = "".join(
        _row(who, f"<meter min='0' max='{most:.4f}' value='{loss:.4f}'></meter>", f"{loss:.4f}")
        for who, loss in (("base", found.base_loss), ("with the adapter", found.adapter_loss))
    )
    return (
        f"<h3>Loss on {found.rows} answers that were held out</h3><table><tbody>{bars}</tbody>"
        f"</table><p class='{decided}'>The difference is {found.difference:+.4f} "
        f"(95 % interval {found.low:+.4f} to {found.high:+.4f}).</p>"
    )


def _finding(finding: Finding) -> str:
    mark = "yes" if finding.holds else "no"
    return _row(f"<span class='{mark}'>{escape(finding.what)}</span>", escape(finding.detail))


def _record(name: str, record: dict[str, Any]) -> str:
    body = record["body"]
    says = body.get("goal") or f"done: {body.get('summary', '')}"
    return _row(f"<code>{escape(name[:12])}</code>", escape(str(says)))
