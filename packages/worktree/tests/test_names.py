"""Names stay inside the mount, whoever made them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from worktree import Worktree, errors, mount
from worktree.artifacts import Json
from worktree.impl.accessibility.filesystem import FilesystemMountDriver
from worktree.impl.accessibility.memory import InMemoryMountDriver
from worktree.mounting.accessible import NoMountpoint
from worktree.names import check_key, key_of
from worktree.storage import FilesystemStorage, MakeFolder, Put, Remove, Selection

PIECES = st.sampled_from(
    [
        "..",
        ".",
        "",
        "a",
        "b.json",
        "/",
        "\\",
        "\0",
        "\n",
        "~",
        ".worktree",
        ".WORKTREE",
        "é",
        "x" * 300,
    ]
)
PATHS = st.one_of(st.lists(PIECES, max_size=6).map("/".join), st.text(max_size=12))


@pytest.fixture(scope="module")
def jail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mount with something precious beside it, and links that lead to it."""
    top = tmp_path_factory.mktemp("jail")
    (top / "precious").mkdir()
    (top / "precious/file").write_text("precious")
    mountpoint = top / "mount"
    mountpoint.mkdir()
    (mountpoint / "out").symlink_to(top / "precious")
    (mountpoint / "out.json").symlink_to(top / "precious/file")
    (mountpoint / "up").symlink_to("..")
    (mountpoint / "loop").symlink_to("loop")
    return top


def is_untouched(top: Path) -> bool:
    inside = sorted(path.name for path in (top / "precious").iterdir())
    beside = sorted(path.name for path in top.iterdir())
    return (
        inside == ["file"]
        and (top / "precious/file").read_text() == "precious"
        and beside == ["mount", "precious"]
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=PATHS)
@example(path="../precious/file")
@example(path="out/file")
@example(path="up/precious/file")
@example(path="a/../../precious/file")
def test_no_path_leads_out(jail: Path, path: str) -> None:
    """Whatever is asked for: it happens inside, or is refused with one of our errors."""
    root = FilesystemMountDriver().mount(jail / "mount")
    storage = FilesystemStorage(jail / "mount", durability="process")
    for act in (
        lambda: root.touch(path).write_text("x"),
        lambda: root.mkdir(path),
        lambda: root.rm(path),
        lambda: root.find(path),
        lambda: storage.apply([Put(path, b"x")], {}),
        lambda: storage.apply([MakeFolder(path)], {}),
        lambda: storage.apply([Remove(path)], {}),
        lambda: storage.read(Selection(objects=(path,), folders=(path,))),
        lambda: storage.entries(path),
    ):
        with suppress(errors.WorktreeError):
            act()
    assert is_untouched(jail)


@settings(max_examples=300, deadline=None)
@given(path=PATHS)
def test_memory_does_not_escape_upwards(path: str) -> None:
    """A path below a collection stays below it."""
    root = InMemoryMountDriver().mount(NoMountpoint())
    root.touch("precious").write_text("precious")
    inner = root.mkdir("inner")
    for act in (
        lambda: inner.touch(path).write_text("x"),
        lambda: inner.mkdir(path),
        lambda: inner.rm(path),
    ):
        with suppress(errors.WorktreeError):
            act()
    assert root.touch("precious").read_text() == "precious"
    assert [item.name() for item in root.ls()] == ["inner", "precious"]


@settings(max_examples=500)
@given(path=PATHS)
def test_a_key_is_safe_or_refused(path: str) -> None:
    """What passes is made of plain names, and passing it again changes nothing."""
    try:
        key = key_of(path)
    except errors.UnsafeNameError:
        return
    assert check_key(key) == key
    assert not key.startswith("/")
    assert ".." not in key.split("/")
    assert os.path.normpath(f"/mount/{key}").startswith("/mount")


def test_links_that_lead_out(jail: Path) -> None:
    """Are refused, for reading, writing and removing."""
    root = FilesystemMountDriver().mount(jail / "mount")
    for path in ("out/file", "out.json", "up/precious/file", "out"):
        with pytest.raises(errors.UnsafeNameError, match="leads out"):
            root.find(path)
    with pytest.raises(errors.UnsafeNameError):
        root.rm("out")
    with pytest.raises(errors.UnsafeNameError):
        FilesystemStorage(jail / "mount").apply([Put("out.json", b"x")], {})
    assert is_untouched(jail)


def test_links_inside_the_mount_are_followed(tmp_path: Path) -> None:
    """A write reaches what the link leads to, and the link stays."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.json").write_text("{}")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "a.json").symlink_to("real/a.json")
    root = FilesystemMountDriver().mount(tmp_path)
    root.touch("folder/a.json").write_text("1")
    assert root.touch("a.json").read_text() == "1"
    root.touch("a.json").write_text("2")
    assert (tmp_path / "a.json").is_symlink()
    assert (tmp_path / "real/a.json").read_text() == "2"


def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    """Is the mount that it leads to."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    FilesystemMountDriver().mount(tmp_path / "link").touch("a").write_text("x")
    assert (tmp_path / "real/a").read_text() == "x"


class Item(Json):
    number: int = 0


class Tree(Worktree):
    items: dict[str, Item]


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "", ".", "..", ".hidden", "a\0b", "x" * 255, "\ud800", 5, None]
)
def test_names_of_members(tmp_path: Path, name: str) -> None:
    """A key of a dict of artifacts is one plain name; nothing else is written."""
    tree = mount(Tree, tmp_path)
    tree.items[name] = Item()
    tree.items["fine"] = Item()
    with pytest.raises(errors.WorktreeError) as caught:
        tree.commit()
    assert "items[" in caught.value.path
    assert list((tmp_path / "items").iterdir()) == []
