"""The data of a project: one typed tree of small JSON files, which commits as a whole.

The large files (snapshots, rows, weights) stand where their steps write them, whole or not at
all. The tree says what they are, by digest, and how they came about:

    data/
      project.json          what this is
      snapshots/ID.json     a repository at a commit         (beside the folder of the snapshot)
      datasets/ID.json      training and evaluation rows
      adapters/ID.json      a trained adapter
      evaluations/ID.json   figures of an adapter on rows
      losses/ID.json        its losses on held-out answers, beside the base's
      manifests/ID.json     a published agent
      runs/KEY.json         every step: what went in, what came out, which records tell of it
      trail.jsonl           the provenance, record by record
      current.json          the newest artifact of each step
      outbox.json           how many records are in the spool
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, JsonValue

from worktree import Worktree, mount
from worktree.artifacts import Json, Log

from .errors import BusyError

FORMAT: Literal[1] = 1
LOCK = ".lock"
Step = Literal["ingest", "synth", "train", "eval", "publish"]
Status = Literal["started", "done", "failed"]


class About(Json):
    """The project itself: its name, and the thread that its records stand in."""

    format: Literal[1] = FORMAT
    name: str
    thread: str
    created_at: str


class Snapshot(Json):
    """A repository at a commit. `digest` is that of its code map, which names every file's."""

    path: str
    digest: str
    origin: str
    revision: str | None
    files: int
    functions: int
    classes: int
    contracts: int = 0


class Dataset(Json):
    """Rows to train on and to evaluate with, each file by its digest."""

    path: str
    digest: str
    eval_path: str
    eval_digest: str
    examples: int
    eval_examples: int
    planted: int
    snapshot: str


class Adapter(Json):
    """A trained adapter. `digest` is that of its weights."""

    path: str
    digest: str
    base_model: str
    dataset: str
    steps: int
    final_loss: float
    eval_loss: float | None
    base_eval_loss: float | None


class Rates(BaseModel):
    """What one subject of an evaluation reached, of how many."""

    solved: int
    applied: int
    examples: int


class Evaluation(Json):
    """Figures of an adapter on rows. `digest` is that of its results without times."""

    path: str
    digest: str
    adapter: str
    dataset: str
    examples: int
    pass_rate: float
    patch_apply_rate: float
    baselines_hold: bool
    subjects: dict[str, Rates]
    measured: dict[str, float]


class HeldOut(Json):
    """The losses of held-out answers, with and without an adapter, and how they differ.

    `low` and `high` are the 95 % interval of the difference; below zero, the adapter is better.
    """

    adapter: str
    dataset: str
    rows: int
    base_loss: float
    adapter_loss: float
    difference: float
    low: float
    high: float


class Publication(Json):
    """A published agent. `digest` is that of its manifest, `folder` holds its files."""

    path: str
    folder: str
    digest: str
    name: str
    version: str
    signer: str
    signature: str
    store: str
    adapter: str
    intent: str


Artifact = Snapshot | Dataset | Adapter | Evaluation | Publication


class Run(Json):
    """One step that was begun: what it depends on, and what became of it."""

    step: Step
    status: Status
    started_at: str
    finished_at: str | None = None
    attempts: int = 1
    inputs: dict[str, str]
    settings: dict[str, JsonValue]
    artifact: str | None = None
    digest: str | None = None
    intent: str
    outcome: str | None = None
    error: str | None = None


class Kept(BaseModel):
    """One record of the trail, with its id, as it is sent."""

    id: str
    record: dict[str, JsonValue]


class Current(Json):
    """The newest artifact of each step, which the next step takes."""

    ingest: str | None = None
    synth: str | None = None
    train: str | None = None
    eval: str | None = None
    publish: str | None = None


class Outbox(Json):
    """How much of the trail the spool has taken."""

    spooled: int = 0


class Project(Worktree):
    """The tree."""

    project: About
    snapshots: dict[str, Snapshot]
    datasets: dict[str, Dataset]
    adapters: dict[str, Adapter]
    evaluations: dict[str, Evaluation]
    losses: dict[str, HeldOut]
    manifests: dict[str, Publication]
    runs: dict[str, Run]
    current: Current
    trail: Log[Kept]
    outbox: Outbox


def open_project(folder: Path, *, name: str, thread: str) -> Project:
    """Load a project's tree; a folder without one becomes a new project of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    initial: Mapping[str, Any] = {
        "project": {"name": name, "thread": thread, "created_at": now()},
        "current": {},
        "outbox": {},
    }
    return mount(Project, folder, initial=initial)


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Be the only one who works in a project, or raise `BusyError`.

    The lock is the process's: a killed one leaves none behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip()
            raise BusyError(
                f"{folder}: another swarmcode works here{f' (process {who})' if who else ''}; "
                "wait for it, or choose another data_dir"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def collection(project: Project, step: Step) -> dict[str, Any]:
    """Return where a step's artifacts are kept."""
    found: dict[Step, Any] = {
        "ingest": project.snapshots,
        "synth": project.datasets,
        "train": project.adapters,
        "eval": project.evaluations,
        "publish": project.manifests,
    }
    kept: dict[str, Any] = found[step]
    return kept


def newest(project: Project, step: Step) -> Any:
    """Return the newest artifact of a step, or None."""
    name = getattr(project.current, step)
    return None if name is None else collection(project, step).get(name)


def now() -> str:
    """This moment, for records."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
