"""Two sides change the same tree: nothing is lost unseen."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from worktree import Worktree, errors, mount, reload, status, transaction
from worktree.artifacts import Json, Log, Text
from worktree.errors import Conflict
from worktree.storage import FilesystemStorage, MemoryStorage

from .conftest import StorageMaker


class Counter(Json):
    number: int = 0
    note: str = ""


class Tree(Worktree):
    a: Counter
    b: Counter
    maybe: Text | None
    many: dict[str, Counter]
    row: list[Counter]
    log: Log[int]


def test_a_conflict_tells_all_sides(make_storage: StorageMaker) -> None:
    """path, base, theirs, ours; nothing is written, and memory stays as it is."""
    storage = make_storage()
    one, two = mount(Tree, storage), mount(Tree, storage)
    one.a.number = 1
    one.commit()
    two.a.number = 2
    two.b.number = 2
    with pytest.raises(errors.ConflictError) as caught:
        two.commit()
    error = caught.value
    assert error.path == "a"
    assert error.location == storage.locate("a.json")
    assert (error.base.number, error.theirs.number, error.ours.number) == (0, 1, 2)
    assert (two.a.number, two.b.number) == (2, 2)
    assert mount(Tree, storage).b.number == 0


def test_edits_of_others_survive(make_storage: StorageMaker) -> None:
    """An external edit to an artifact that is not changed here is not written over."""
    storage = make_storage()
    one, two = mount(Tree, storage), mount(Tree, storage)
    one.a.number = 1
    one.commit()
    two.b.number = 2
    two.commit()
    back = mount(Tree, storage)
    assert (back.a.number, back.b.number) == (1, 2)


def test_an_edit_by_hand_is_a_conflict(tmp_path: Path) -> None:
    """Even by a program that knows nothing of worktree, within the same tick of the clock."""
    tree = mount(Tree, tmp_path)
    (tmp_path / "a.json").write_bytes(b'{"number":5,"note":""}')
    tree.a.number = 1
    with pytest.raises(errors.ConflictError):
        tree.commit()
    tree.sync()
    assert tree.a.number == 5


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param(
            lambda t: setattr(t.a, "number", 7), lambda t: setattr(t.a, "number", 7), id="same"
        ),
        pytest.param(
            lambda t: setattr(t, "maybe", Text("x")),
            lambda t: setattr(t, "maybe", Text("y")),
            id="both-create",
        ),
        pytest.param(
            lambda t: t.many.pop("k"), lambda t: setattr(t.many["k"], "number", 1), id="removed"
        ),
        pytest.param(
            lambda t: setattr(t.many["k"], "number", 1), lambda t: t.many.pop("k"), id="changed"
        ),
        pytest.param(
            lambda t: t.row.append(Counter()), lambda t: t.row.append(Counter()), id="both-append"
        ),
        pytest.param(lambda t: t.row.append(Counter()), lambda t: t.row.pop(), id="append-and-pop"),
        pytest.param(lambda t: t.row.pop(), lambda t: t.row.append(Counter()), id="pop-and-append"),
        pytest.param(
            lambda t: setattr(t.row[1], "number", 1), lambda t: t.row.pop(0), id="edit-and-shift"
        ),
    ],
)
def test_what_is_a_conflict(
    theirs: Callable[[Tree], None], ours: Callable[[Tree], None], make_files: StorageMaker
) -> None:
    """Whatever both sides did to the same artifact, or to the same list."""
    storage = make_files()
    start = {"many": {"k": {}}, "row": [{}, {"number": 3}]}
    one, two = mount(Tree, storage, initial=start), mount(Tree, storage)
    theirs(one)
    one.commit()
    ours(two)
    with pytest.raises(errors.ConflictError):
        two.commit()


def test_both_removed_is_no_conflict(make_files: StorageMaker) -> None:
    """Gone is gone."""
    storage = make_files()
    one, two = mount(Tree, storage, initial={"many": {"k": {}}}), mount(Tree, storage)
    del one.many["k"]
    one.commit()
    del two.many["k"]
    two.a.number = 1
    two.commit()
    assert mount(Tree, storage).a.number == 1


def test_members_of_a_dict_are_independent(make_files: StorageMaker) -> None:
    """Two sides that add different members both keep theirs."""
    storage = make_files()
    one, two = mount(Tree, storage), mount(Tree, storage)
    one.many["x"], two.many["y"] = Counter(number=1), Counter(number=2)
    one.commit()
    two.commit()
    assert sorted(mount(Tree, storage).many) == ["x", "y"]


def test_a_merge_hook_decides(make_storage: StorageMaker) -> None:
    """Per artifact; the merged artifact is written, and is in memory."""

    def add(conflict: Conflict) -> Counter | None:
        if conflict.path != "a":
            return None
        both = conflict.theirs.number + conflict.ours.number - conflict.base.number
        return Counter(number=both)

    storage = make_storage()
    one, two = mount(Tree, storage), mount(Tree, storage, merge=add)
    mine = two.a
    one.a.number += 1
    one.commit()
    two.a.number += 1
    two.commit()
    assert two.a is mine
    assert two.a.number == mount(Tree, storage).a.number == 2
    one.sync()
    one.b.number = 1
    one.commit()
    two.b.number = 2
    with pytest.raises(errors.ConflictError, match="b "):
        two.commit()


def test_a_merge_hook_that_returns_nonsense(make_memory: StorageMaker) -> None:
    """Is told what it should have returned."""
    storage = make_memory()
    one, two = mount(Tree, storage), mount(Tree, storage, merge=lambda conflict: "nonsense")
    one.a.number, two.a.number = 1, 2
    one.commit()
    with pytest.raises(errors.LossyValueError, match="returned str, not Counter"):
        two.commit()


def test_a_transaction_starts_from_what_is_stored(make_storage: StorageMaker) -> None:
    """And goes back to it when its body fails."""
    storage = make_storage()
    one, two = mount(Tree, storage), mount(Tree, storage)
    one.a.number = 5
    one.commit()
    with transaction(two):
        two.a.number += 1
    assert mount(Tree, storage).a.number == 6

    def fail() -> None:
        two.a.number = 100
        two.many["new"] = Counter()
        two.maybe = Text("x")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction(two):
        fail()
    assert (two.a.number, two.many, two.maybe) == (6, {}, None)
    assert mount(Tree, storage).a.number == 6


def test_retries_are_bounded() -> None:
    """The last attempt's conflict is raised."""
    storage = MemoryStorage()
    one, two = mount(Tree, storage), mount(Tree, storage)
    tries = []

    def keep_losing() -> None:
        for attempt in transaction(two, attempts=3, rng=random.Random(1)):
            with attempt:
                tries.append(two.a.number)
                with transaction(one):
                    one.a.number += 1
                two.a.number += 1

    with pytest.raises(errors.ConflictError):
        keep_losing()
    assert tries == [0, 1, 2]
    assert mount(Tree, storage).a.number == 3


def test_a_retry_succeeds_on_top_of_theirs() -> None:
    """The body runs again on what others committed."""
    storage = MemoryStorage()
    one, two = mount(Tree, storage), mount(Tree, storage)
    tries = 0
    for attempt in transaction(two):
        with attempt:
            tries += 1
            if tries < 3:
                with transaction(one):
                    one.a.number += 10
            two.a.number += 1
    assert (tries, mount(Tree, storage).a.number) == (3, 21)


def test_reload_keeps_what_was_changed_here(make_storage: StorageMaker) -> None:
    """And takes what others changed, made and removed."""
    storage = make_storage()
    one = mount(Tree, storage, initial={"many": {"k": {}, "old": {}}})
    two = mount(Tree, storage)
    a = two.a
    one.a.number = 1
    one.many["new"] = Counter(number=2)
    del one.many["old"]
    one.maybe = Text("theirs")
    one.commit()
    two.b.number = 9
    before = reload(two)
    assert {change.path for change in before.theirs} >= {"a", "maybe"}
    assert two.a is a
    assert (two.a.number, two.b.number) == (1, 9)
    assert sorted(two.many) == ["k", "new"]
    assert two.maybe == Text("theirs")
    two.commit()
    assert not status(two)
    assert mount(Tree, storage).b.number == 9


def test_reload_refuses_a_conflict(make_memory: StorageMaker) -> None:
    """And leaves memory as it was."""
    storage = make_memory()
    one, two = mount(Tree, storage), mount(Tree, storage)
    one.a.number, one.b.number = 1, 1
    one.commit()
    two.a.number = 2
    with pytest.raises(errors.ConflictError):
        reload(two)
    assert (two.a.number, two.b.number) == (2, 0)
    assert status(two).conflicts == ("a",)


def test_readers_see_one_generation(tmp_path: Path) -> None:
    """A reader that meets a commit in the middle waits for it, or finishes it."""
    import threading

    storage = FilesystemStorage(tmp_path, durability="process")
    writer = mount(Tree, storage)
    stop, mixed = threading.Event(), []

    def look() -> None:
        reader = mount(Tree, FilesystemStorage(tmp_path, durability="process"))
        while not stop.is_set():
            reader.sync()
            if reader.a.number != reader.b.number:
                mixed.append((reader.a.number, reader.b.number))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(60):
        writer.a.number = writer.b.number = number
        writer.commit()
    stop.set()
    for thread in threads:
        thread.join()
    assert mixed == []
