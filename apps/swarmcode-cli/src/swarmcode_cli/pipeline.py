"""One step after another, each done once: begun again after a crash, and not again after success.

A step is named by what goes into it: its settings and the digests of what it reads. Its run is
committed together with its intent before it begins, and together with its artifact and its
outcome when it is done. Whatever dies in between, the next call finds the run `started`, keeps
its intent, and lets the library go on from its own journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import JsonValue

from . import digests
from .progress import Tell
from .project import Artifact, Project, Run, Step, collection, now
from .trail import Told, Trail


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is about to do: enough to know whether it was done already.

    Attributes:
        goal: for people.
        inputs: what it reads, by digest.
        settings: what decides its result.
        refs: what in the world it is about.
    """

    goal: str
    inputs: Mapping[str, str]
    settings: Mapping[str, JsonValue]
    refs: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What a step made.

    Attributes:
        artifact: for the project's tree.
        summary: for people.
        result: what the library returned.
        refs: what in the world came about.
    """

    artifact: Artifact
    summary: str
    result: Any = None
    refs: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a step is carried out this time.

    Attributes:
        intent: the id of the record that announced it.
        again: whether it was begun before, and did not end.
        tell: told how far it is.
    """

    intent: str
    again: bool
    tell: Tell


class Doer(Protocol):
    """A step, bound to one library."""

    @property
    def step(self) -> Step:
        """Its name."""

    def work(self) -> Work:
        """Look at what there is to do; change nothing."""

    def carry_out(self, attempt: Attempt) -> Made:
        """Do it."""

    def intact(self, artifact: Any) -> bool:
        """Whether what was made is still there, unchanged."""


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a step.

    Attributes:
        step: its name.
        key: the name of its run.
        artifact: what it made, now or before.
        reused: whether it was done before.
        summary: for people.
        result: what the library returned; None where it was done before.
    """

    step: Step
    key: str
    artifact: Artifact
    reused: bool
    summary: str
    result: Any = field(default=None, repr=False)


def key_of(step: Step, work: Work) -> str:
    """Name a run by what goes into it."""
    return digests.short(
        digests.of_value({"step": step, "inputs": work.inputs, "settings": work.settings})
    )


def perform(doer: Doer, project: Project, trail: Trail, tell: Tell) -> Performed:
    """Do a step, or find that it was done."""
    work = doer.work()
    key = key_of(doer.step, work)
    run = project.runs.get(key)
    if run is not None and run.status == "done" and run.artifact is not None:
        artifact = collection(project, doer.step).get(run.artifact)
        if artifact is not None and doer.intact(artifact):
            _point(project, doer.step, run.artifact)
            project.commit()
            return Performed(doer.step, key, artifact, reused=True, summary="done before")
        run = None  # what it made is gone or was changed: it is made anew
    again = run is not None
    run = _begin(doer.step, work, key, project, trail)
    try:
        made = doer.carry_out(Attempt(run.intent, again, tell))
    except Exception as error:
        run.status, run.error = "failed", str(error).split("\n", maxsplit=1)[0]
        project.commit()
        raise
    _end(doer.step, key, made, project, trail)
    return Performed(
        doer.step, key, made.artifact, reused=False, summary=made.summary, result=made.result
    )


def _begin(step: Step, work: Work, key: str, project: Project, trail: Trail) -> Run:
    """Commit the run with its intent; one that was begun before keeps its own."""
    run = project.runs.get(key)
    if run is not None and run.status != "done":
        run.status, run.error, run.attempts = "started", None, run.attempts + 1
    else:
        body = {"step": step, "run": key, "inputs": dict(work.inputs)}
        project.runs[key] = run = Run(
            step=step,
            status="started",
            started_at=now(),
            inputs=dict(work.inputs),
            settings=dict(work.settings),
            intent=trail.intend(Told(work.goal, body, work.refs)),
        )
    project.commit()
    return run


def _end(step: Step, key: str, made: Made, project: Project, trail: Trail) -> None:
    """Commit the artifact, the outcome and the run as one."""
    digest = made.artifact.digest
    name = digests.short(digest)
    run = project.runs[key]
    body = {"step": step, "run": key, "artifact": digest}
    collection(project, step)[name] = made.artifact
    run.status, run.finished_at, run.artifact, run.digest = "done", now(), name, digest
    run.outcome = trail.fulfil(run.intent, Told(made.summary, body, made.refs))
    _point(project, step, name)
    project.commit()


def _point(project: Project, step: Step, name: str) -> None:
    setattr(project.current, step, name)


def relative(path: Path) -> str:
    """A path for records: relative to here where it is below, so that a project can be moved."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return str(path)
