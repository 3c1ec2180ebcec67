"""Bad input: a clear error, one line, the place in it; the old content intact."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from worktree import Worktree, errors, mount, plan, status
from worktree.artifacts import Json, Log, Text, Toml, Yaml
from worktree.storage import FilesystemStorage, MemoryStorage
from worktree.storage.filesystem.system import RealSystem
from worktree.storage.http import HttpStorage


class Config(Json):
    number: int = 0


class Settings(Yaml):
    number: int = 0


class Manifest(Toml):
    number: int = 0


class Tree(Worktree):
    config: Config
    settings: Settings
    manifest: Manifest
    note: Text
    log: Log[int]
    many: dict[str, Config]
    row: list[Config]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("config.json", b'{"number": 1', "Invalid JSON", id="truncated"),
        pytest.param("config.json", b"", "Invalid JSON", id="empty"),
        pytest.param("config.json", b"[1]", "should be an object", id="no-object"),
        pytest.param("config.json", b'{"number": "x"}', "number: Input should be", id="type"),
        pytest.param("config.json", b'{"number": "\xff"}', "Invalid JSON", id="json-not-utf8"),
        pytest.param("config.json", b"[" * 100_000, "Invalid JSON", id="too-deep"),
        pytest.param("settings.yaml", b"a: [1", "not YAML", id="yaml-broken"),
        pytest.param("settings.yaml", b"a: \xff", "not UTF-8", id="yaml-not-utf8"),
        pytest.param("settings.yaml", b"!!python/object:os.system {}", "not YAML", id="yaml-tag"),
        pytest.param("manifest.toml", b"number = ", "not TOML", id="toml-broken"),
        pytest.param("note.txt", b"caf\xe9", "byte 3 is not UTF-8", id="text-not-utf8"),
        pytest.param("log.jsonl", b'1\n"x"\n', "line 2 is not an entry", id="log-entry"),
        pytest.param("log.jsonl", b"1\n2", "", id="log-without-last-newline"),
        pytest.param("many/a.json", b"{", "Invalid JSON", id="member"),
        pytest.param("row/zero.json", b"{}", "not the number of a list item", id="list-name"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """Names the place in the tree and the file; nothing on the disk changes."""
    mount(Tree, tmp_path)
    file = tmp_path / name
    file.write_bytes(content)
    before = snapshot(tmp_path)
    if not says:
        assert list(mount(Tree, tmp_path).log) == [1, 2]
        return
    with pytest.raises(errors.ContentError, match=says) as caught:
        mount(Tree, tmp_path)
    error = caught.value
    assert str(error).count("\n") == 0
    assert error.path
    assert error.hint or name.startswith("row")
    assert snapshot(tmp_path) == before


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_tree_in_memory_survives_a_broken_file(tmp_path: Path) -> None:
    """sync, reload and status fail, and memory is as it was."""
    tree = mount(Tree, tmp_path)
    tree.note.text = "unsaved"
    (tmp_path / "config.json").write_bytes(b"{")
    for act in (tree.sync, lambda: status(tree)):
        with pytest.raises(errors.ContentError, match=r"config \(.*config\.json\)"):
            act()
    assert (tree.note.text, tree.config.number) == ("unsaved", 0)


def make_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param("config.json", make_folder, id="folder-for-file"),
        pytest.param("config.json", os.mkfifo, id="pipe-for-file"),
        pytest.param("many", Path.touch, id="file-for-folder"),
    ],
)
def test_something_else_is_there(tmp_path: Path, name: str, make: Any) -> None:
    """A folder, or a pipe, where a file should be; a file where a folder should be."""
    make(tmp_path / name)
    with pytest.raises(errors.WrongKindError, match=r"was expected") as caught:
        mount(Tree, tmp_path)
    assert name in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_where_the_mount_should_be(tmp_path: Path) -> None:
    """Is an error, and the file stays."""
    (tmp_path / "x").write_text("precious")
    for where in (tmp_path / "x", tmp_path / "x" / "below"):
        with pytest.raises(errors.WrongKindError):
            mount(Tree, where)
    assert (tmp_path / "x").read_text() == "precious"


class Refusing(RealSystem):
    """A disk that refuses to make or fill files."""

    number = errno.ENOSPC

    def write(self, fd: int, data: bytes) -> int:  # type: ignore[override]
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        pytest.param(errno.ENOSPC, "No space left on device; make room", id="full"),
        pytest.param(errno.EROFS, "Read-only file system", id="read-only"),
        pytest.param(errno.EACCES, "Permission denied; give this user", id="no-permission"),
        pytest.param(errno.EDQUOT, "quota", id="quota"),
    ],
)
def test_a_disk_that_refuses(tmp_path: Path, number: int, says: str) -> None:
    """Says what to do; the old content is intact, and memory keeps the change."""
    mount(Tree, tmp_path)
    before = snapshot(tmp_path)
    system = Refusing()
    system.number = number
    tree = mount(Tree, FilesystemStorage(tmp_path, system=system))
    tree.config.number = 1
    with pytest.raises(errors.StorageError, match=says):
        tree.commit()
    assert snapshot(tmp_path) == before
    assert plan(tree).changes[0].path == "config"


def test_a_read_only_folder(tmp_path: Path) -> None:
    """Can be mounted and read where everything is there; a commit is refused."""
    mount(Tree, tmp_path)
    if os.geteuid() == 0:

        class ReadOnly(RealSystem):
            @staticmethod
            def mkdir(path: str, *, dir_fd: int | None = None) -> None:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        tree = mount(Tree, FilesystemStorage(tmp_path, system=ReadOnly()))
    else:
        tmp_path.chmod(0o500)
        (tmp_path / ".worktree").chmod(0o500)
        tree = mount(Tree, tmp_path)
    tree.config.number = 1
    with pytest.raises(errors.StorageError):
        tree.commit()
    tmp_path.chmod(0o700)


def test_a_mount_that_vanished(tmp_path: Path) -> None:
    """Is an error that says so, and no fresh tree appears in its place."""
    tree = mount(Tree, tmp_path / "tree")
    shutil.rmtree(tmp_path / "tree")
    for act in (tree.sync, lambda: status(tree)):
        with pytest.raises(errors.StorageError, match="the mount is gone"):
            act()
    tree.config.number = 1
    with pytest.raises(errors.StorageError, match="the mount is gone"):
        tree.commit()
    assert not (tmp_path / "tree").exists()


def test_an_artifact_that_was_removed(tmp_path: Path) -> None:
    """From storage, while it was changed here: a conflict without theirs."""
    tree = mount(Tree, tmp_path)
    (tmp_path / "config.json").unlink()
    tree.config.number = 1
    with pytest.raises(errors.ConflictError) as caught:
        tree.commit()
    assert caught.value.theirs is None


def test_an_artifact_without_a_tree() -> None:
    """Cannot be committed, and says why."""
    with pytest.raises(errors.ContentError, match="not mounted"):
        Config(number=1).commit()


def test_what_is_no_tree(tmp_path: Path) -> None:
    """Is refused by mount."""
    for wrong in (Config, object, "Tree", Tree.__new__(Tree)):
        with pytest.raises(errors.LayoutError, match="not a subclass of Worktree"):
            mount(wrong, tmp_path)  # type: ignore[type-var]


def test_a_back_end_that_is_atomic_per_object(make_webdav: Any) -> None:
    """Refuses a commit of several artifacts unless told otherwise."""

    class Two(Worktree):
        a: Config
        b: Config

    allowed = make_webdav()
    refusing = HttpStorage(allowed.locate(""))
    with pytest.raises(errors.NotAtomicError, match="partial_commits=True"):
        mount(Two, refusing)
    mount(Two, allowed)
    tree = mount(Two, refusing)
    tree.a.number = 1
    tree.commit()
    tree.a.number = tree.b.number = 2
    with pytest.raises(errors.NotAtomicError):
        tree.commit()
    assert (mount(Two, allowed).a.number, mount(Two, allowed).b.number) == (1, 0)


def test_every_error_is_one_of_ours_and_one_line() -> None:
    """Path, location and next step, when they are known."""
    error = errors.ContentError("it broke", path="a.b", location="/x/a/b.json", hint="mend it")
    assert str(error) == "a.b (/x/a/b.json): it broke; mend it"
    assert (error.path, error.location, error.hint) == ("a.b", "/x/a/b.json", "mend it")
    with pytest.raises(errors.StorageError, match="durability is 'process' or 'power'"):
        FilesystemStorage("/x", durability="forever")  # type: ignore[arg-type]
    assert mount(Tree, MemoryStorage()).config.number == 0
