"""Every driver passes the acceptance suites that ship with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from worktree.errors import (
    LockTimeoutError,
    MissingExtraError,
    NotAtomicError,
    PartialCommitError,
    StorageError,
)
from worktree.impl.accessibility.filesystem import FilesystemMountDriver
from worktree.impl.accessibility.memory import InMemoryMountDriver
from worktree.mounting.accessible import AgnosticCollection, NoMountpoint
from worktree.storage import FilesystemStorage, MemoryStorage, Put, Selection, Storage
from worktree.storage.http import HttpStorage
from worktree.storage.locate import locate
from worktree.storage.objectstore import ObjectStorage
from worktree.storage.published import CollectionStorage
from worktree.storage.sqlite import SqliteStorage
from worktree.testing.acceptance import DriverAcceptance, StorageAcceptance

from .conftest import StorageMaker


class _WithMaker(StorageAcceptance):
    maker: StorageMaker

    def make_storage(self) -> Storage:
        return self.maker()


class TestFiles(_WithMaker):
    @pytest.fixture(autouse=True)
    def _maker(self, make_files: StorageMaker) -> None:
        self.maker = make_files


class TestMemory(_WithMaker):
    @pytest.fixture(autouse=True)
    def _maker(self, make_memory: StorageMaker) -> None:
        self.maker = make_memory


class TestSqlite(_WithMaker):
    @pytest.fixture(autouse=True)
    def _maker(self, make_sqlite: StorageMaker) -> None:
        self.maker = make_sqlite


class TestS3(_WithMaker):
    @pytest.fixture(autouse=True)
    def _maker(self, make_s3: StorageMaker) -> None:
        self.maker = make_s3


class TestWebDav(_WithMaker):
    @pytest.fixture(autouse=True)
    def _maker(self, make_webdav: StorageMaker) -> None:
        self.maker = make_webdav


class TestCollectionAsStorage(_WithMaker):
    @pytest.fixture(autouse=True)
    def _maker(self) -> None:
        self.maker = lambda: CollectionStorage(InMemoryMountDriver().mount(NoMountpoint()))


class TestPublishedFiles(DriverAcceptance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "root"

    def make_root(self) -> AgnosticCollection:
        return FilesystemMountDriver().mount(self.folder)


class TestPublishedMemory(DriverAcceptance):
    def make_root(self) -> AgnosticCollection:
        return InMemoryMountDriver().mount(NoMountpoint())


def test_a_per_object_storage_says_what_it_wrote(make_webdav: StorageMaker) -> None:
    """A commit that stops in between names what is written and what is not."""
    storage = make_webdav()

    class StopsAtB(HttpStorage):
        def put_object(self, key, data, current):  # type: ignore[no-untyped-def]
            if key == "b":
                raise StorageError("the network is gone", location=key)
            return super().put_object(key, data, current)

    stops = StopsAtB(storage.locate(""), partial_commits=True)
    with pytest.raises(PartialCommitError) as caught:
        stops.apply([Put("a", b"1"), Put("b", b"2"), Put("c", b"3")], {})
    assert caught.value.written == ("a",)
    assert caught.value.missing == ("b", "c")
    assert set(storage.read(Selection(objects=("a", "b", "c"))).objects) == {"a"}


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        pytest.param("memory:", MemoryStorage, id="memory"),
        pytest.param("http://127.0.0.1:1/x", HttpStorage, id="http"),
        pytest.param("s3://bucket/prefix", ObjectStorage, id="s3"),
    ],
)
def test_an_address_names_a_storage(where: str, kind: type) -> None:
    """Each scheme leads to its driver."""
    assert isinstance(locate(where), kind)


def test_a_path_names_files_and_sqlite_a_file(tmp_path: Path) -> None:
    """A plain path is a folder of files."""
    assert isinstance(locate(tmp_path), FilesystemStorage)
    assert isinstance(locate(f"sqlite:{tmp_path}/x.db"), SqliteStorage)


@pytest.mark.parametrize("where", ["", 42, None, "sqlite:"])
def test_no_place_to_mount(where: object) -> None:
    """What is no place is refused in one line."""
    with pytest.raises(StorageError):
        locate(where)  # type: ignore[arg-type]


def test_a_server_that_is_not_there() -> None:
    """An unreachable server is a storage error that names the address, not the password."""
    storage = HttpStorage("http://ann:secret@127.0.0.1:1/tree", timeout=2)
    with pytest.raises(StorageError, match=r"127\.0\.0\.1:1/tree/a") as caught:
        storage.read(Selection(objects=("a",)))
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Is refused, and left alone."""
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database at all, but long enough to be taken for one" * 20)
    with pytest.raises(StorageError, match="no SQLite file of worktree"):
        SqliteStorage(path).apply([Put("a", b"1")], {})
    assert path.read_bytes().startswith(b"not a database")


def test_a_database_that_vanished(tmp_path: Path) -> None:
    """Is an error, and not a fresh start."""
    storage = SqliteStorage(tmp_path / "x.db")
    storage.apply([Put("a", b"1")], {})
    storage.close()
    (tmp_path / "x.db").unlink()
    with pytest.raises(StorageError, match="gone"):
        storage.read(Selection(objects=("a",)))


def test_the_errors_name_the_install_command() -> None:
    """A missing extra says what to type."""
    assert str(MissingExtraError("YAML", "yaml")).endswith("pip install 'worktree[yaml]'")
    assert issubclass(NotAtomicError, StorageError)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """No table is added to it, and the error says whose it is not."""
    import sqlite3

    path = tmp_path / "theirs.db"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE places (name)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="another program made this SQLite file"):
        SqliteStorage(path).apply([Put("a", b"1")], {})
    assert path.read_bytes() == before


def test_a_database_that_was_replaced(tmp_path: Path) -> None:
    """Is an error: what is written to the file that is gone would be lost."""
    one, two = SqliteStorage(tmp_path / "one.db"), SqliteStorage(tmp_path / "two.db")
    for storage in (one, two):
        storage.apply([Put("a", b"1")], {})
    two.close()
    (tmp_path / "two.db").rename(tmp_path / "one.db")
    with pytest.raises(StorageError, match="replaced by another one"):
        one.apply([Put("a", b"2")], {})
    one.close()


def test_a_database_that_is_locked(tmp_path: Path) -> None:
    """Is waited for, and then reported as a lock."""
    import sqlite3

    SqliteStorage(tmp_path / "x.db").apply([Put("a", b"1")], {})
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waiting = SqliteStorage(tmp_path / "x.db", lock_timeout=0.1)
    with pytest.raises(LockTimeoutError, match=r"more than 0\.1 s; let it finish"):
        waiting.apply([Put("a", b"2")], {})
    other.close()
    waiting.close()
