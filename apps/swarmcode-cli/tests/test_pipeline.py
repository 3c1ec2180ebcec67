"""One step done once, whatever dies in between."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarmcode_cli import digests
from swarmcode_cli.pipeline import Attempt, Made, Work, key_of, perform
from swarmcode_cli.progress import silent
from swarmcode_cli.project import Project, Snapshot, Step, newest, open_project
from swarmcode_cli.trail import Told, Trail, check_trail
from syncropel import Identity, random_thread_id


@dataclass(frozen=True, slots=True)
class Write:
    """A step that writes a file: small, and real."""

    place: Path
    text: str
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    step: Step = "ingest"

    def work(self) -> Work:
        return Work(f"write {self.text}", {"text": self.text}, {"place": str(self.place)})

    def carry_out(self, attempt: Attempt) -> Made:
        self.before()
        self.place.write_text(self.text)
        self.after()
        artifact = Snapshot(
            path=str(self.place), digest=digests.of_file(self.place), origin="here", revision=None,
            files=1, functions=0, classes=0,
        )  # fmt: skip
        return Made(artifact, f"wrote {self.text}", attempt.again)

    def intact(self, artifact: Snapshot) -> bool:
        return self.place.is_file() and digests.of_file(self.place) == artifact.digest


class Dying(Trail):
    """A trail whose writer dies before, or after, it tells of an outcome."""

    when = "before"

    def fulfil(self, intent: str, told: Told) -> str:
        if self.when == "before":
            die()
        outcome = super().fulfil(intent, told)
        die()
        return outcome


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def project_in(folder: Path) -> Project:
    return open_project(folder / "data", name="p", thread=random_thread_id())


def trail_of(project: Project, kind: type[Trail] = Trail) -> Trail:
    return kind(project, Identity.static("did:example:me"))


def in_a_child(act: Callable[[], object]) -> int:
    """Do something in a process of its own, and say by which signal it died."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    """The second time finds the first's artifact, and tells nobody anything."""
    project = project_in(tmp_path)
    doer = Write(tmp_path / "file", "x")
    first = perform(doer, project, trail_of(project), silent)
    second = perform(doer, project_in(tmp_path), trail_of(project), silent)
    assert (first.reused, second.reused) == (False, True)
    assert first.artifact == second.artifact
    assert len(project_in(tmp_path).trail) == 2


def test_what_was_changed_is_made_anew(tmp_path: Path) -> None:
    """A record is no proof that the file is still what it was."""
    project = project_in(tmp_path)
    doer = Write(tmp_path / "file", "x")
    perform(doer, project, trail_of(project), silent)
    (tmp_path / "file").write_text("spoiled")
    again = perform(doer, project, trail_of(project), silent)
    assert not again.reused
    assert again.result is False, "it was not interrupted, but lost: nothing is to be resumed"
    assert (tmp_path / "file").read_text() == "x"
    assert check_trail(project.trail).unfulfilled == ()


def test_another_input_is_another_run(tmp_path: Path) -> None:
    """Runs are named by what goes into them; the newest is what the next step takes."""
    project = project_in(tmp_path)
    one, other = Write(tmp_path / "a", "x"), Write(tmp_path / "b", "y")
    assert key_of("ingest", one.work()) != key_of("ingest", other.work())
    perform(one, project, trail_of(project), silent)
    perform(other, project, trail_of(project), silent)
    assert newest(project, "ingest").path == str(tmp_path / "b")
    perform(one, project, trail_of(project), silent)
    assert newest(project, "ingest").path == str(tmp_path / "a")
    assert len(project.runs) == 2


@pytest.mark.parametrize(
    ("doer", "trail"),
    [
        pytest.param({"before": die}, Trail, id="before-the-work"),
        pytest.param({"after": die}, Trail, id="after-the-work"),
        pytest.param({}, Dying, id="before-the-outcome"),
        pytest.param({}, type("DyingAfter", (Dying,), {"when": "after"}), id="before-the-commit"),
    ],
)
def test_a_killed_step_goes_on(tmp_path: Path, doer: dict, trail: type[Trail]) -> None:
    """Whenever it dies: one intent, one outcome, one artifact, as if nothing had happened."""

    def attempt() -> None:
        project = project_in(tmp_path)
        perform(Write(tmp_path / "file", "x", **doer), project, trail_of(project, trail), silent)

    assert in_a_child(attempt) == signal.SIGKILL
    assert in_a_child(attempt) == signal.SIGKILL
    project = project_in(tmp_path)
    [run] = project.runs.values()
    assert (run.status, run.artifact) == ("started", None)
    done = perform(Write(tmp_path / "file", "x"), project, trail_of(project), silent)
    assert done.result is True, "the step was told that it had begun before"
    project = project_in(tmp_path)
    [run] = project.runs.values()
    assert (run.status, run.attempts, len(project.trail)) == ("done", 3, 2)
    state = check_trail(project.trail, thread=project.project.thread)
    assert state.unfulfilled == ()
    assert [run.intent, run.outcome] == [kept.id for kept in project.trail]


def test_a_step_that_fails_says_why(tmp_path: Path) -> None:
    """The run keeps the first line of the error, and the error goes on to whoever called."""

    def fail() -> None:
        raise OSError("the disk\nis full")

    project = project_in(tmp_path)
    with pytest.raises(OSError, match="the disk"):
        perform(Write(tmp_path / "f", "x", fail), project, trail_of(project), silent)
    [run] = project_in(tmp_path).runs.values()
    assert (run.status, run.error) == ("failed", "the disk")
    assert check_trail(project.trail).unfulfilled == (run.intent,)
