"""A project, its runs and its trail: for people, and for programs."""

from typing import Any

from ..digests import short
from ..errors import NotFoundError
from ..project import Project, Step, collection, newest

STEPS: tuple[Step, ...] = ("ingest", "synth", "train", "eval", "publish")


def runs_document(project: Project) -> dict[str, Any]:
    """Return `{"runs": [{"run", "step", "status", …}, …]}`, oldest first."""
    return {"runs": [{"run": key, **run.model_dump(mode="json")} for key, run in _runs(project)]}


def runs_text(project: Project) -> str:
    """Return a line a run."""
    lines = [f"{'run':14}{'step':9}{'status':9}{'begun':22}{'tries':>6}  made"]
    lines += [
        f"{key:14}{run.step:9}{run.status:9}{run.started_at:22}{run.attempts:>6}  "
        f"{run.artifact or run.error or ''}"
        for key, run in _runs(project)
    ]
    return "\n".join(lines)


def _runs(project: Project) -> list[tuple[str, Any]]:
    """The runs in the order of their intents."""
    place = {kept.id: number for number, kept in enumerate(project.trail)}
    return sorted(project.runs.items(), key=lambda item: place.get(item[1].intent, -1))


def project_document(project: Project) -> dict[str, Any]:
    """Return the project and the newest artifact of every step."""
    found = {step: newest(project, step) for step in STEPS}
    return {
        "project": project.project.model_dump(mode="json"),
        "current": {
            step: artifact.model_dump(mode="json") if artifact is not None else None
            for step, artifact in found.items()
        },
        "records": len(project.trail),
    }


def project_text(project: Project) -> str:
    """Return the project in a few lines."""
    lines = [project.project.name, f"thread {project.project.thread[:15]}…"]
    for step in STEPS:
        artifact = newest(project, step)
        if artifact is None:
            lines.append(f"{step:9}not done")
        else:
            lines.append(f"{step:9}{short(artifact.digest)}  {artifact.path}")
    return "\n".join(lines)


def find(project: Project, name: str) -> dict[str, Any]:
    """Return the one thing whose name begins so, or raise `NotFoundError`."""
    things = {f"run {key}": run for key, run in project.runs.items()}
    for step in STEPS:
        for key, artifact in collection(project, step).items():
            things[f"{step} {key}"] = artifact
    matches = [key for key in things if key.split()[1].startswith(name)]
    if len(matches) != 1:
        known = ", ".join(sorted(matches or things)) or "nothing yet"
        many = "names several things" if matches else "is not in this project"
        raise NotFoundError(f"{name!r} {many}; there is: {known}")
    return {"name": matches[0], **things[matches[0]].model_dump(mode="json")}


def as_yaml(document: dict[str, Any]) -> str:
    """Return a document as YAML, in its own order."""
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100).rstrip("\n")


def trail_document(project: Project) -> dict[str, Any]:
    """Return `{"thread", "records": [{"id", "record"}, …]}`."""
    return {
        "thread": project.project.thread,
        "records": [kept.model_dump(mode="json") for kept in project.trail],
    }


def trail_text(project: Project) -> str:
    """Return a line a record: what was intended, and what came of it."""
    return "\n".join(_line(kept.id, kept.record) for kept in project.trail)


def _line(name: str, record: dict[str, Any]) -> str:
    body = record["body"]
    if body.get("kind") == "core.intent":
        return f"{name[:12]}  intend   {body.get('goal', '')}"
    answered = str(body.get("fulfills", ""))[:12]
    return f"{name[:12]}  fulfil   {body.get('summary', '')}  (of {answered})"
