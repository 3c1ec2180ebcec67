"""Every error says where in the tree, where in storage, and what to do next."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from worktree import LayoutAnchor, Worktree, errors, mount, reload, status, transaction
from worktree.artifacts import Json, Text
from worktree.contract import Artifact
from worktree.mounting.claim import ObjectClaim
from worktree.storage import FilesystemStorage
from worktree.storage.filesystem.system import RealSystem


class Item(Json):
    number: int = 0


class App(LayoutAnchor):
    item: Item


class Tree(Worktree):
    app: App
    members: dict[str, Item]
    note: Text | None


def edited(folder: Path) -> Tree:
    tree = mount(Tree, folder)
    tree.app.item.number = 1
    return tree


def spoil_members(tree: Tree) -> None:
    tree.members = None  # type: ignore[assignment]


def replace_app(tree: Tree) -> None:
    tree.app = App("app", tree._root)


def break_item(folder: Path) -> None:
    (folder / "app/item.json").write_text("{")


def fold_item(folder: Path) -> None:
    (folder / "app/item.json").unlink()
    (folder / "app/item.json").mkdir()


def link_member(folder: Path) -> None:
    (folder / "members/x.json").symlink_to("/etc/passwd")


def remove_app(folder: Path) -> None:
    shutil.rmtree(folder / "app")


def mount_again(tree: Tree) -> Tree:
    return mount(Tree, tree._root.path())  # type: ignore[attr-defined]


def commit(tree: Tree) -> None:
    tree.commit()


@pytest.mark.parametrize(
    ("spoil", "act", "path", "location"),
    [
        pytest.param(break_item, mount_again, "app.item", "app/item.json", id="broken-mount"),
        pytest.param(break_item, commit, "app.item", "app/item.json", id="broken-commit"),
        pytest.param(break_item, status, "app.item", "app/item.json", id="broken-status"),
        pytest.param(fold_item, mount_again, "app.item", "app/item.json", id="folder-for-file"),
        pytest.param(link_member, mount_again, "members['x']", "members/x.json", id="link-out"),
        pytest.param(shutil.rmtree, commit, "app.item", "", id="mount-gone"),
        pytest.param(remove_app, commit, "app.item", "app/item.json", id="folder-gone"),
    ],
)
def test_what_storage_holds(
    tmp_path: Path,
    spoil: Callable[[Path], None],
    act: Callable[[Tree], object],
    path: str,
    location: str,
) -> None:
    """Something is wrong in storage."""
    tree = edited(tmp_path / "t")
    spoil(tmp_path / "t")
    with pytest.raises(errors.WorktreeError) as caught:
        act(tree)
    error = caught.value
    assert error.path == path
    assert error.location == f"{tmp_path}/t/{location}".rstrip("/")
    assert error.hint
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("spoil", "path", "location"),
    [
        pytest.param(spoil_members, "members", "members", id="no-dict"),
        pytest.param(replace_app, "app", "app", id="replaced-layout"),
        pytest.param(
            lambda tree: delattr(tree.app, "item"), "app.item", "app/item.json", id="no-item"
        ),
        pytest.param(
            lambda tree: tree.members.update(x=Text()), "members['x']", "members/x.json", id="class"
        ),
    ],
)
def test_what_memory_holds(
    tmp_path: Path, spoil: Callable[[Tree], None], path: str, location: str
) -> None:
    """Something is wrong in memory: nothing is written, and nothing is passed over in silence."""
    tree = edited(tmp_path)
    spoil(tree)
    with pytest.raises(errors.LossyValueError) as caught:
        tree.commit()
    assert (caught.value.path, caught.value.location) == (path, f"{tmp_path}/{location}")
    assert caught.value.hint
    assert mount(Tree, tmp_path).app.item.number == 0


def test_sync_puts_a_replaced_layout_back(tmp_path: Path) -> None:
    """As it discards whatever else was changed in memory."""
    tree = edited(tmp_path)
    app = tree.app
    replace_app(tree)
    tree.sync()
    assert tree.app is app
    tree.app.item.number = 5
    tree.commit()
    assert mount(Tree, tmp_path).app.item.number == 5


def test_a_disk_that_is_full_names_what_was_not_written(tmp_path: Path) -> None:
    """The first artifact, and how many there are beside it."""

    class Full(RealSystem):
        @staticmethod
        def write(fd: int, data: bytes | memoryview) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    mount(Tree, tmp_path)
    tree = mount(Tree, FilesystemStorage(tmp_path, system=Full()))
    tree.app.item.number = 1
    tree.members["a"], tree.note = Item(), Text("x")
    with pytest.raises(errors.StorageError, match="make room") as caught:
        tree.commit()
    assert caught.value.path == "app.item and 2 more"


class Hooked(Artifact[str]):
    """An item with hooks of its own."""

    text = "first"

    def ownership_claims(self) -> list[ObjectClaim]:
        return [ObjectClaim(path=Path(f"{self.item_name}.txt"))]

    def initialize_object(self, path, obj) -> None:  # type: ignore[no-untyped-def]
        pass

    def validate_object(self, path, obj) -> None:  # type: ignore[no-untyped-def]
        self.text = obj.read_text()

    def commit_object(self, path, obj) -> None:  # type: ignore[no-untyped-def]
        obj.write_text(self.text)


class HookedTree(Worktree):
    hooked: Hooked


def test_an_item_with_hooks_can_be_replaced(tmp_path: Path) -> None:
    """The one that is there is committed; what is no item is refused."""
    tree = mount(HookedTree, tmp_path)
    tree.hooked = Hooked("hooked", tree._root)
    tree.hooked.text = "second"
    tree.commit()
    assert (tmp_path / "hooked.txt").read_text() == "second"
    tree.hooked = "third"  # type: ignore[assignment]
    with pytest.raises(errors.LossyValueError, match=r"hooked.*holds str") as caught:
        tree.commit()
    assert caught.value.path == "hooked"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"initial": {"app": {"item": {"number": "x"}}}}, "number: ", id="type"),
        pytest.param({"initial": {"members": {"a": {"n": 1}}}}, "no field 'n'", id="member"),
        pytest.param({"merge": 5}, "merge is int", id="merge"),
        pytest.param({"migrations": [5]}, "5 is not a chain", id="migrations"),
    ],
)
def test_options_that_mount_refuses(options: dict[str, object], says: str) -> None:
    """In one line, with the next step."""
    with pytest.raises(errors.WorktreeError, match=says) as caught:
        mount(Tree, "memory:", **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "where",
    ["ftp://x", "sqllite:x.db", "memory:x", "s3:/b", b"x", "a\0b", "~no-such-user/x", [], "az://c"],
)
def test_addresses_that_are_no_storage(
    where: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are refused in one line, and no folder of that name appears."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.StorageError) as caught:
        mount(Tree, where)  # type: ignore[arg-type]
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_colon_can_be_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """As the error says: by a path."""
    monkeypatch.chdir(tmp_path)
    mount(Tree, "./data:2024")
    mount(Tree, Path("data:2025"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data:2024", "data:2025"]


def test_a_transaction_without_an_attempt() -> None:
    """Is refused: its body would never run."""
    with pytest.raises(errors.WorktreeError, match="one attempt or more, not 0"):
        transaction(mount(Tree, "memory:"), attempts=0)


def test_reload_of_what_was_removed(tmp_path: Path) -> None:
    """A required artifact cannot be None: the error says who writes it again."""
    tree = mount(Tree, tmp_path)
    (tmp_path / "app/item.json").unlink()
    with pytest.raises(errors.ContentError, match="commit\\(\\) or sync\\(\\)") as caught:
        reload(tree)
    assert caught.value.location == f"{tmp_path}/app/item.json"
