"""User code written for the published contract runs unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from worktree.contract import (
    Anchor,
    Artifact,
    BaseWorktreeItem,
    LayoutAnchor,
    MissingInitialStateError,
    TypedField,
    Worktree,
    WorktreeItem,
    get_worktree_items,
)
from worktree.decorators import (
    UnreachableWorktreeAction,
    not_implemented,
    unreachable_worktree_action,
)
from worktree.impl.accessibility.filesystem import (
    FilesystemCollection,
    FilesystemMountDriver,
    FilesystemObject,
)
from worktree.impl.accessibility.memory import (
    InMemoryCollection,
    InMemoryMountDriver,
    InMemoryObject,
    InMemoryStorage,
)
from worktree.impl.items.pydantic_model import PydanticArtifact
from worktree.mounting.accessible import (
    AgnosticCollection,
    Collection,
    NoMountpoint,
    Object,
    WrongAccessibleTypeException,
)
from worktree.mounting.base import BaseMounter
from worktree.mounting.claim import CollectionClaim, ObjectClaim
from worktree.syncable.protocol import Syncable


class Config(PydanticArtifact):
    number: int = 0
    name: str = "é"


class Required(PydanticArtifact):
    required_key: int


class Note(Artifact[str]):
    """An item with hooks of its own."""

    def ownership_claims(self) -> list[Any]:
        return [ObjectClaim(path=Path(f"{self.item_name}.txt"))]

    def initialize_object(self, path: Path, obj: Object) -> None:
        assert path == Path(f"{self.item_name}.txt")
        self.text = str(self._initial_states or "fresh")

    def validate_object(self, path: Path, obj: Object) -> None:
        self.text = obj.read_text()

    def commit_object(self, path: Path, obj: Object) -> None:
        obj.write_text(self.text)

    def value(self) -> str:
        return self.text


class Store(Anchor[Collection]):
    """An anchor with hooks of its own."""

    def ownership_claims(self) -> list[Any]:
        return [CollectionClaim(path=Path(self.item_name))]

    def initialize_collection(self, path: Path, collection: Collection) -> None:
        collection.touch("welcome.txt").write_text("hello")

    def validate_collection(self, path: Path, collection: Collection) -> None:
        self.found = sorted(item.name() for item in collection.ls())

    def commit_collection(self, path: Path, collection: Collection) -> None:
        pass


class Layout(LayoutAnchor):
    class Inner(LayoutAnchor):
        class Deepest(LayoutAnchor):
            config: Config

        deepest: Deepest

    inner: Inner
    config: Config
    note: Note
    store: Store
    empty: LayoutAnchor


class Tree(Worktree):
    config: Config
    layout: Layout


@pytest.fixture(params=["files", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> AgnosticCollection:
    if request.param == "files":
        return FilesystemMountDriver().mount(tmp_path / "root")
    return InMemoryMountDriver().mount(NoMountpoint())


def text_of(root: AgnosticCollection, path: str) -> str:
    found = root.find_object(path)
    assert found is not None
    return found.read_text()


def test_construction_writes_nothing(root: AgnosticCollection) -> None:
    """Nothing is on storage before sync, the defaults are after it."""
    tree = Tree(root)
    assert list(root.ls()) == []
    assert tree.config.number == 0
    tree.sync()
    assert text_of(root, "config.json") == '{"number":0,"name":"\\u00e9"}'
    assert text_of(root, "layout/inner/deepest/config.json") == text_of(root, "config.json")
    assert text_of(root, "layout/note.txt") == "fresh"
    assert text_of(root, "layout/store/welcome.txt") == "hello"
    assert root.exists_collection("layout/empty")


def test_existing_storage_wins(root: AgnosticCollection) -> None:
    """What is stored beats the initial states; the published spacing of JSON is understood."""
    root.touch("config.json").write_text('{"number": 4, "name": "stored"}')
    root.touch("layout/note.txt").write_text("stored note")
    tree = BaseMounter(root).mount(Tree, {"config": {"number": 9}})
    assert (tree.config.number, tree.config.name) == (4, "stored")
    assert tree.layout.note.value() == "stored note"


def test_commit_persists_and_sync_discards(root: AgnosticCollection) -> None:
    """Objects keep their identity through sync."""
    tree = BaseMounter(root).mount(Tree)
    config = tree.config
    config.number = 5
    tree.layout.inner.deepest.config.number = 6
    tree.layout.note.text = "changed"
    tree.commit()
    config.number = 7
    tree.sync()
    assert tree.config is config
    assert config.number == 5
    again = BaseMounter(root).mount(Tree)
    assert again.layout.inner.deepest.config.number == 6
    assert again.layout.note.value() == "changed"
    assert again.layout.store.found == ["welcome.txt"]


def test_initial_states(root: AgnosticCollection) -> None:
    """A nested mapping by field, down to custom items."""
    states = {
        "config": {"number": 1},
        "layout": {"inner": {"deepest": {"config": {"number": 2}}}, "note": "given"},
    }
    tree = BaseMounter(root).mount(Tree, states)
    assert (tree.config.number, tree.layout.inner.deepest.config.number) == (1, 2)
    assert tree.layout.note.value() == "given"


class Deep(LayoutAnchor):
    config3: Required


class NeedsStates(Worktree):
    layout: Deep


def test_a_missing_required_value(root: AgnosticCollection) -> None:
    """Is named by its dotted path, and nothing is written; a second mount asks again."""
    with pytest.raises(MissingInitialStateError) as caught:
        BaseMounter(root).mount(NeedsStates)
    assert caught.value.item_name == "layout.config3.required_key"
    assert isinstance(caught.value.__cause__, ValidationError)
    assert "Missing required fields: required_key" in str(caught.value)
    assert list(root.ls()) == []
    BaseMounter(root).mount(NeedsStates, {"layout": {"config3": {"required_key": 1}}})
    with pytest.raises(MissingInitialStateError):
        BaseMounter(root).mount(NeedsStates)


class Explodes(Artifact[None]):
    def __init__(self, item_name: str, mounted_at: Any, initial_states: Any = None) -> None:
        raise ValueError("raw boom")


class Explosive(Worktree):
    bomb: Explodes


def test_a_constructor_that_raises_is_wrapped(root: AgnosticCollection) -> None:
    """Whatever it raises."""
    with pytest.raises(MissingInitialStateError) as caught:
        BaseMounter(root).mount(Explosive)
    assert caught.value.item_name == "bomb"
    assert caught.value.message == "Instantiation failed: raw boom"


def test_a_bad_type_is_a_validation_error(root: AgnosticCollection) -> None:
    """Pydantic's own, as published, but naming the file; memory and storage stay as they are."""
    tree = BaseMounter(root).mount(Tree)
    obj = root.find_object("config.json")
    assert obj is not None
    obj.write_text('{"number":"bad"}')
    with pytest.raises(ValidationError, match=r"config\.json"):
        tree.sync()
    assert tree.config.number == 0
    assert obj.read_text() == '{"number":"bad"}'


def test_parts_sync_and_commit_on_their_own(root: AgnosticCollection) -> None:
    """An artifact, or a layout, without the rest of the tree."""
    tree = BaseMounter(root).mount(Tree)
    tree.config.number, tree.layout.config.number = 1, 2
    tree.layout.commit()
    assert '"number":2' in text_of(root, "layout/config.json")
    assert '"number":0' in text_of(root, "config.json")
    tree.config.commit()
    assert '"number":1' in text_of(root, "config.json")
    tree.config.number = 8
    tree.config.sync()
    assert tree.config.number == 1


def test_a_removed_artifact_is_written_again(root: AgnosticCollection) -> None:
    """sync() makes what is missing, from what is in memory."""
    tree = BaseMounter(root).mount(Tree, {"config": {"number": 3}})
    root.rm("config.json")
    tree.sync()
    assert '"number":3' in text_of(root, "config.json")


def test_values_handles_and_names(root: AgnosticCollection) -> None:
    """value() is the artifact itself, handle() the collection."""
    tree = BaseMounter(root).mount(Tree)
    assert tree.config.value() is tree.config
    assert tree.config.item_name == "config"
    assert tree.config.artifact_mount_path == "config.json"
    assert tree.layout.handle().name() == "layout"
    assert tree.layout.empty.handle().path() == root.path() / "layout" / "empty"  # type: ignore[attr-defined]
    tree.layout.empty.handle().touch("x").write_text("y")
    assert text_of(root, "layout/empty/x") == "y"


def test_a_worktree_inside_a_worktree(root: AgnosticCollection) -> None:
    """Lives in a folder of its own, and commits on its own."""

    class Outer(Worktree):
        inner: Tree

    outer = BaseMounter(root).mount(Outer)
    outer.inner.config.number = 3
    outer.inner.commit()
    assert '"number":3' in text_of(root, "inner/config.json")


def test_hooks_that_are_never_reached() -> None:
    """Raise with the documented text."""
    config = Config("config")
    text = "Method 'initialize_collection' is unreachable since PydanticArtifact only claims"
    with pytest.raises(UnreachableWorktreeAction, match=text):
        config.initialize_collection(Path("x"), None)  # type: ignore[arg-type]
    layout = LayoutAnchor("x", InMemoryMountDriver().mount(NoMountpoint()))
    with pytest.raises(UnreachableWorktreeAction, match="LayoutAnchor only claims collections"):
        layout.commit_object(Path("x"), None)  # type: ignore[arg-type]


def test_hooks_that_are_not_implemented() -> None:
    """Raise NotImplementedError that names method and class."""

    class Thing:
        @not_implemented
        def act(self) -> None: ...

        @unreachable_worktree_action("things rest")
        def move(self) -> None: ...

    with pytest.raises(NotImplementedError, match="Method 'act' of Thing instance is not implem"):
        Thing().act()
    with pytest.raises(UnreachableWorktreeAction, match="Method 'move' is unreachable since thin"):
        Thing().move()
    assert Thing.move.__doc__ == (
        "Unreachable method since things rest.\n\n:raise UnreachableWorktreeAction:"
    )
    with pytest.raises(NotImplementedError, match="'ownership_claims' of BaseWorktreeItem"):
        BaseWorktreeItem("x", None).ownership_claims()  # type: ignore[arg-type]


def test_the_layout_can_be_looked_at() -> None:
    """As typed fields, in the order of declaration."""
    found = list(get_worktree_items(Tree))
    assert [(field.name, field.t) for field in found] == [("config", Config), ("layout", Layout)]
    assert isinstance(found[0], TypedField)
    assert isinstance(BaseMounter(FilesystemMountDriver().mount(".")), BaseMounter)
    assert issubclass(Config, Syncable)
    assert isinstance(Config("x"), WorktreeItem)


def test_claims() -> None:
    """Are frozen models, with a target."""
    claim = Config("config").ownership_claims()[0]
    assert claim == ObjectClaim(path=Path("config.json"))
    assert claim.target == "object"
    with pytest.raises(ValidationError):
        claim.path = Path("other")  # type: ignore[misc]


def test_driver_classes_construct_on_their_own(tmp_path: Path) -> None:
    """From a path, or from a storage and a path."""
    folder = FilesystemCollection(tmp_path / "folder")
    folder.touch("a.txt").write_text("a")
    assert FilesystemObject(tmp_path / "folder" / "a.txt").read_text() == "a"
    storage = InMemoryStorage()
    InMemoryCollection(storage, Path("/")).mkdir("x").touch("y").write_text("z")
    assert InMemoryObject(storage, Path("/x/y")).read_text() == "z"
    with pytest.raises(FileNotFoundError):
        InMemoryObject(storage, "nope").read_text()
    with pytest.raises(WrongAccessibleTypeException):
        FilesystemMountDriver().mount(tmp_path).touch("folder")


class DictObject(Object):
    """A driver written by somebody who knows nothing but the published interface."""

    def __init__(self, data: dict[str, bytes], key: str) -> None:
        self.data, self.key = data, key

    def name(self) -> str:
        return self.key.rpartition("/")[2]

    def path(self) -> Path:
        return Path("/", self.key)

    def read_text(self) -> str:
        return self.data[self.key].decode()

    def write_text(self, data: str) -> None:
        self.data[self.key] = data.encode()

    def read_binary(self) -> bytes:
        return self.data[self.key]

    def write_binary(self, data: bytes) -> None:
        self.data[self.key] = data


class DictCollection(Collection):
    def __init__(self, data: dict[str, bytes], folders: set[str], key: str = "") -> None:
        self.data, self.folders, self.key = data, folders, key

    def name(self) -> str:
        return self.key.rpartition("/")[2]

    def path(self) -> Path:
        return Path("/", self.key)

    def _at(self, path: Any) -> str:
        return f"{self.key}/{path}".strip("/")

    def ls(self) -> list[Any]:
        inside = [k for k in (*self.data, *self.folders) if k.rpartition("/")[0] == self.key and k]
        return [self.find(k.rpartition("/")[2]) for k in inside]

    def rm(self, path: Any) -> None:
        self.data.pop(self._at(path), None)

    def mkdir(self, path: Any) -> Collection:
        at = self._at(path)
        parts = at.split("/")
        self.folders |= {"/".join(parts[: i + 1]) for i in range(len(parts))}
        return DictCollection(self.data, self.folders, at)

    def touch(self, path: Any) -> Object:
        self.data.setdefault(self._at(path), b"")
        return DictObject(self.data, self._at(path))

    def find(self, path: Any, accessible_type: Any = "any") -> Any:
        at = self._at(path)
        if at in self.data:
            return DictObject(self.data, at)
        return DictCollection(self.data, self.folders, at) if at in self.folders else None


def test_a_driver_written_to_the_published_interface() -> None:
    """Still works: the whole tree, several artifacts at a time."""
    data: dict[str, bytes] = {}
    root = DictCollection(data, set())
    tree = BaseMounter(root).mount(Tree)
    tree.config.number, tree.layout.config.number = 1, 2
    tree.layout.note.text = "x"
    tree.commit()
    assert data["config.json"] == b'{"number":1,"name":"\\u00e9"}'
    assert data["layout/config.json"] == b'{"number":2,"name":"\\u00e9"}'
    assert data["layout/note.txt"] == b"x"
    assert BaseMounter(root).mount(Tree).layout.config.number == 2


def test_overridden_hooks_of_an_artifact_are_called(root: AgnosticCollection) -> None:
    """And what they write is part of the same commit."""

    class Shouting(PydanticArtifact):
        text: str = "a"

        def commit_object(self, path: Path, obj: Object) -> None:
            obj.write_text(json.dumps({"text": self.text.upper()}))

    class Loud(Worktree):
        shout: Shouting

    tree = BaseMounter(root).mount(Loud)
    tree.shout.text = "hey"
    tree.commit()
    assert text_of(root, "shout.json") == '{"text": "HEY"}'


def test_fields_may_have_the_names_of_methods(root: AgnosticCollection) -> None:
    """A field named commit is data."""

    class Release(PydanticArtifact):
        commit: str
        value: int = 3

    class Releases(Worktree):
        release: Release

    tree = BaseMounter(root).mount(Releases, {"release": {"commit": "abc"}})
    tree.release.commit = "def"
    tree.commit()
    assert text_of(root, "release.json") == '{"commit":"def","value":3}'
    with pytest.raises(ValidationError):
        Release()  # the method is not taken for a default


def test_nested_models_stay_models(root: AgnosticCollection) -> None:
    """After loading, as after construction."""

    class Inner(BaseModel):
        x: int = 1

    class Outer(PydanticArtifact):
        inner: Inner = Inner()

    class Nested(Worktree):
        outer: Outer

    BaseMounter(root).mount(Nested)
    assert isinstance(BaseMounter(root).mount(Nested).outer.inner, Inner)
