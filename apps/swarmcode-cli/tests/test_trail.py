"""The trail: what it says, and that nothing in it can be changed unseen."""

import json
from pathlib import Path

import pytest

from swarmcode_cli.errors import TrailError
from swarmcode_cli.project import Kept, open_project
from swarmcode_cli.trail import Told, Trail, check_trail, hand_over
from syncropel import Identity, Spool, random_thread_id


@pytest.fixture
def trail(tmp_path: Path):
    project = open_project(tmp_path / "data", name="p", thread=random_thread_id())
    writer = Trail(project, Identity.static("did:example:me"), clock=lambda: 1.0)
    first = writer.intend(Told("begin", {"step": "ingest"}))
    writer.fulfil(first, Told("begun", {"artifact": "sha256:aa"}))
    writer.intend(Told("go on", {"step": "synth"}))
    project.commit()
    return project


def records(project) -> list[Kept]:
    return [kept.model_copy(deep=True) for kept in project.trail]


def test_it_tells_what_is_open(trail) -> None:
    """An intent that nobody fulfilled is known by its id."""
    state = check_trail(trail.trail, thread=trail.project.thread)
    assert (state.records, state.unfulfilled) == (3, (trail.trail[2].id,))
    assert state.head == trail.trail[2].id


def test_it_is_the_same_when_it_is_read_again(trail, tmp_path: Path) -> None:
    """What was committed is what is there, and it holds."""
    again = open_project(tmp_path / "data", name="other", thread="other")
    assert records(again) == records(trail)
    assert check_trail(again.trail, thread=trail.project.thread).records == 3


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        pytest.param(
            lambda r: r[1].record["body"].update(summary="better"), "was changed", id="other-words"
        ),
        pytest.param(lambda r: r.pop(1), "does not follow", id="one-taken-out"),
        pytest.param(lambda r: r.insert(1, r[0]), "does not follow", id="one-twice"),
        pytest.param(lambda r: r.reverse(), "does not follow", id="another-order"),
        pytest.param(lambda r: r[0].record.pop("clock"), "is no record", id="a-field-less"),
    ],
)
def test_whatever_is_changed_is_seen(trail, spoil, told: str) -> None:
    """A trail is evidence only if changing it shows."""
    changed = records(trail)
    spoil(changed)
    with pytest.raises(TrailError, match=told):
        check_trail(changed, thread=trail.project.thread)


def test_another_projects_trail_is_refused(trail) -> None:
    """A good trail in the wrong place proves nothing."""
    with pytest.raises(TrailError, match="another project"):
        check_trail(trail.trail, thread=random_thread_id())


def test_what_is_fulfilled_once_is_not_fulfilled_twice(trail) -> None:
    """An outcome answers one open intent."""
    Trail(trail, Identity.static("did:example:me")).fulfil(trail.trail[0].id, Told("again", {}))
    with pytest.raises(TrailError, match="fulfils no intent that is open"):
        check_trail(trail.trail)


def test_the_spool_has_what_the_trail_has(trail, tmp_path: Path) -> None:
    """Records go into the spool once, as the bytes that were hashed, also after a crash."""
    spool = Spool(tmp_path / "spool")
    try:
        assert hand_over(trail, spool) == 3
        assert hand_over(trail, spool) == 0
        trail.outbox.spooled = 1  # as if it had died before it could note the last two
        assert hand_over(trail, spool) == 2
        kept = spool.list()
        assert [each.id for each in kept] == [each.id for each in trail.trail]
        assert [json.loads(each.wire) for each in kept] == [each.record for each in trail.trail]
    finally:
        spool.close()
