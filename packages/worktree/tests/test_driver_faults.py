"""The suites that ship for drivers find what they look for, and a tree survives what drivers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from worktree import Worktree, errors, mount, plan, status
from worktree.artifacts import Json, Log
from worktree.storage import Change, Expected, FilesystemStorage, MemoryStorage, Put, Storage, Token
from worktree.storage.sqlite import SqliteStorage
from worktree.testing.faults import FaultyStorage
from worktree.testing.killing import KillAcceptance


class _InFolder(KillAcceptance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path


class TestFilesKilled(_InFolder):
    def open_storage(self) -> Storage:
        return FilesystemStorage(self.folder / "t", durability="process")


class TestSqliteKilled(_InFolder):
    def open_storage(self) -> Storage:
        return SqliteStorage(self.folder / "t.db", durability="process")


class Careless(FilesystemStorage):
    """A driver that says it is atomic, and makes one change after the other."""

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        tokens: dict[str, Token] = {}
        for change in changes:
            tokens.update(super().apply([change], {}))
        return tokens


class _CarelessKilled(KillAcceptance):
    kills = 200

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open_storage(self) -> Storage:
        return Careless(self.folder / "t", durability="process")


def test_the_kill_suite_finds_a_careless_driver(tmp_path: Path) -> None:
    """A suite that cannot fail proves nothing."""
    with pytest.raises(AssertionError, match=r"kill \d+: \d+ was confirmed, found"):
        _CarelessKilled(tmp_path).test_a_killed_writer_leaves_one_generation()


class Counter(Json):
    number: int = 0


class Tree(Worktree):
    a: Counter
    b: Counter
    log: Log[int]


def edited(storage: Storage) -> Tree:
    tree = mount(Tree, storage)
    tree.a.number = tree.b.number = 1
    tree.log.append(1)
    return tree


@pytest.mark.parametrize("call", range(3))
def test_a_mount_whose_driver_fails(call: int) -> None:
    """Raises the driver's error; the next one succeeds."""
    inner = MemoryStorage()
    with pytest.raises(errors.StorageError, match="fails, as it was told to"):
        mount(Tree, FaultyStorage(inner, at=call))
    assert mount(Tree, inner).a.number == 0


def test_a_commit_whose_driver_fails_can_be_tried_again() -> None:
    """Memory keeps what it holds, and still knows that it is not stored."""
    inner = MemoryStorage()
    mount(Tree, inner)
    tree = edited(FaultyStorage(inner, at=2))
    with pytest.raises(errors.StorageError) as caught:
        tree.commit()
    assert caught.value.path == "a and 2 more"
    assert len(plan(tree).changes) == 3
    assert mount(Tree, inner).a.number == 0
    tree.commit()
    assert (mount(Tree, inner).b.number, list(mount(Tree, inner).log)) == (1, [1])


def test_a_commit_whose_answer_is_lost_is_told_as_a_conflict() -> None:
    """It happened, and nobody can know whose it was: nothing is written twice."""
    inner = MemoryStorage()
    mount(Tree, inner)
    tree = edited(FaultyStorage(inner, at=2, when="after"))
    with pytest.raises(errors.StorageError):
        tree.commit()
    with pytest.raises(errors.ConflictError) as caught:
        tree.commit()
    assert {conflict.path for conflict in caught.value.conflicts} == {"a", "b"}
    tree.sync()
    assert (tree.a.number, list(tree.log)) == (1, [1])
    assert not status(tree)


def test_a_faulty_storage_is_a_storage() -> None:
    """Between the calls that fail it is the driver inside."""
    storage = FaultyStorage(MemoryStorage(), at=-1)
    assert isinstance(storage, Storage)
    tokens: Mapping[str, Token] = storage.apply([Put("a", b"1")], {})
    assert [entry.name for entry in storage.entries("") or ()] == ["a"]
    assert storage.locate("a") == "memory:a"
    assert (storage.recover(), storage.calls, list(tokens)) == ((), 3, ["a"])
