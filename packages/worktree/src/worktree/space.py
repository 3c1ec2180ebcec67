"""The published objects and collections, on top of any storage.

A `Space` is where their reads and writes go: `Direct` makes each write a commit of its own;
`Stage` collects what item hooks write, so that a whole sync or commit reaches the storage as
one set of changes, or not at all.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Protocol

from .errors import MissingObjectError, StorageError, UnsafeNameError, WrongKindError
from .mounting.accessible import Accessible, AccessibleType, Collection, Object
from .names import ancestors, check_key, join, key_of, split
from .storage.contract import (
    Change,
    Entry,
    Kind,
    MakeFolder,
    Put,
    Remove,
    Selection,
    Storage,
    Token,
)


class Space(Protocol):
    """Where objects and collections read and write."""

    @property
    def storage(self) -> Storage:
        """The storage below."""

    def read(self, key: str) -> bytes | None:
        """The bytes of an object; None where there is none."""

    def kind(self, key: str) -> Kind | None:
        """What is under a key, if anything."""

    def entries(self, folder: str) -> list[Entry] | None:
        """What is in a folder; None where there is none."""

    def change(self, change: Change) -> None:
        """Make a change."""


def stored_kind(storage: Storage, key: str) -> Kind | None:
    """What is stored under a key."""
    if not key:
        return "folder"
    try:
        found = storage.read(Selection(folders=(key,)))
    except WrongKindError:
        return "object"
    return "folder" if key in found.folders else None


class Direct:
    """Every write is a commit of its own."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def read(self, key: str) -> bytes | None:
        """Read one object."""
        found = self.storage.read(Selection(objects=(key,))).objects.get(key)
        return None if found is None else found.data

    def kind(self, key: str) -> Kind | None:
        """Ask the storage."""
        return stored_kind(self.storage, key)

    def entries(self, folder: str) -> list[Entry] | None:
        """List one folder."""
        found = self.storage.entries(folder)
        return None if found is None else list(found)

    def change(self, change: Change) -> None:
        """Apply one change, whatever is stored."""
        self.storage.apply((change,), {})


class Stage:
    """Collects changes over a storage, and remembers what it saw there.

    `seen` has the token of every object that was read (None where nothing was), so that the
    changes can be held against it when they are applied.
    """

    def __init__(self, storage: Storage, seen: dict[str, Token | None] | None = None) -> None:
        self.storage = storage
        self.seen: dict[str, Token | None] = dict(seen or {})
        self._original: dict[str, bytes | None] = {}
        self._written: dict[str, bytes | None] = {}
        self._folders: set[str] = set()
        self._removed: set[str] = set()

    def read(self, key: str) -> bytes | None:
        """What was written here, or else what is stored."""
        if key in self._written:
            return self._written[key]
        if self._is_removed(key):
            return None
        return self._stored(key)

    def kind(self, key: str) -> Kind | None:
        """What was made of a key here, or else what is stored."""
        if key in self._written:
            return None if self._written[key] is None else "object"
        if key in self._folders:
            return "folder"
        return None if self._is_removed(key) else stored_kind(self.storage, key)

    def entries(self, folder: str) -> list[Entry] | None:
        """What is stored in a folder, with what was written here."""
        stored = None if self._is_removed(folder) else self.storage.entries(folder)
        found = {entry.name: entry for entry in stored or ()}
        for key in [*self._removed, *(k for k, data in self._written.items() if data is None)]:
            if split(key)[0] == folder:
                found.pop(split(key)[1], None)
        for key in self._folders:
            if key and split(key)[0] == folder:
                found[split(key)[1]] = Entry(split(key)[1], "folder")
        for key, data in self._written.items():
            if data is not None and split(key)[0] == folder:
                found[split(key)[1]] = Entry(split(key)[1], "object")
        if stored is None and not found and folder not in self._folders:
            return None
        return [found[name] for name in sorted(found)]

    def change(self, change: Change) -> None:
        """Take note of a change."""
        if isinstance(change, Put):
            if not self._is_removed(change.key):
                self._stored(change.key)
            self._written[change.key] = change.data
            self._folders.update(ancestors(change.key))
        elif isinstance(change, MakeFolder):
            self._folders.update((*ancestors(change.key), change.key))
        else:
            self._remove(change.key)

    def changes(self) -> list[Change]:
        """The fewest changes that bring the storage to what was written here."""
        changes: list[Change] = [Remove(key) for key in sorted(self._removed)]
        for key, data in self._written.items():
            if data == self._original.get(key) and not self._is_removed(key):
                continue
            changes.append(Remove(key) if data is None else Put(key, data))
        changes += [MakeFolder(key) for key in sorted(self._folders - self._removed)]
        return changes

    def _stored(self, key: str) -> bytes | None:
        if key not in self._original:
            found = self.storage.read(Selection(objects=(key,))).objects.get(key)
            self._original[key] = None if found is None else found.data
            self.seen.setdefault(key, None if found is None else found.token)
        return self._original[key]

    def _remove(self, key: str) -> None:
        below = f"{key}/"
        kind = self.kind(key)
        self._folders = {k for k in self._folders if k != key and not k.startswith(below)}
        self._written = {k: data for k, data in self._written.items() if not k.startswith(below)}
        if kind == "folder":
            self._removed = {k for k in self._removed if not k.startswith(below)} | {key}
        elif kind == "object":
            self._stored(key)
            self._written[key] = None

    def _is_removed(self, key: str) -> bool:
        return not self._removed.isdisjoint((*ancestors(key), key)) if key else False


class SpaceObject(Object):
    """An object of a space."""

    def __init__(self, space: Space, key: str) -> None:
        self._space = space
        self._key = key

    def name(self) -> str:
        """The last name of the path."""
        return split(self._key)[1]

    def path(self) -> Path:
        """Where it is."""
        return path_of(self._space.storage, self._key)

    def read_text(self) -> str:
        """The content, as UTF-8 text."""
        try:
            return self.read_binary().decode()
        except UnicodeDecodeError as error:
            raise StorageError(
                f"not UTF-8 text: {error.reason} at byte {error.start}",
                location=self._space.storage.locate(self._key),
                hint="save it as UTF-8, or read it with read_binary()",
            ) from error

    def write_text(self, data: str) -> None:
        """Replace the content by text, encoded as UTF-8."""
        self.write_binary(data.encode())

    def read_binary(self) -> bytes:
        """The content."""
        data = self._space.read(self._key)
        if data is None:
            raise MissingObjectError("there is nothing here", location=str(self.path()))
        return data

    def write_binary(self, data: bytes) -> None:
        """Replace the content."""
        self._space.change(Put(self._key, bytes(data)))


class SpaceCollection(Collection):
    """A collection of a space."""

    def __init__(self, space: Space, key: str) -> None:
        self._space = space
        self._key = key

    @property
    def storage(self) -> Storage:
        """The storage below."""
        return self._space.storage

    @property
    def key(self) -> str:
        """The key of this collection in its storage."""
        return self._key

    def name(self) -> str:
        """The last name of the path."""
        return split(self._key)[1] or self.path().name

    def path(self) -> Path:
        """Where it is."""
        return path_of(self._space.storage, self._key)

    def ls(self) -> list[Accessible]:
        """What is in this collection, sorted by name; nothing where it does not exist yet."""
        return [
            self._object(join(self._key, entry.name))
            if entry.kind == "object"
            else self._collection(join(self._key, entry.name))
            for entry in self._space.entries(self._key) or ()
        ]

    def rm(self, path: str | PurePath) -> None:
        """Remove an object, or a collection with all that is in it, if it is there."""
        key = self._below(path)
        if self._space.kind(key) is not None:
            self._space.change(Remove(key))

    def mkdir(self, path: str | PurePath) -> Collection:
        """Make a collection, and those above it."""
        key = self._below(path)
        found = self.find(path, "collection")
        if found is None:
            self._space.change(MakeFolder(key))
        return self._collection(key)

    def touch(self, path: str | PurePath) -> Object:
        """Make an empty object, and the collections above it."""
        key = self._below(path)
        if self.find(path, "object") is None:
            self._space.change(Put(key, b""))
        return self._object(key)

    def find(
        self, path: str | PurePath, accessible_type: AccessibleType = "any"
    ) -> Accessible | None:
        """What is stored under a path."""
        key = self._below(path)
        kind = self._space.kind(key)
        if kind is None:
            return None
        found = "object" if kind == "object" else "collection"
        if accessible_type not in {"any", found}:
            raise WrongKindError(
                f"{accessible_type} was expected, {found} found",
                location=self._space.storage.locate(key),
            )
        if kind == "object":
            return self._object(key)
        return self._collection(key)

    def _object(self, key: str) -> Object:
        return SpaceObject(self._space, key)

    def below(self, name: str) -> SpaceCollection:
        """The collection `name` in this one, whether it exists or not."""
        return self._collection(check_key(join(self._key, name)))

    def _collection(self, key: str) -> SpaceCollection:
        return SpaceCollection(self._space, key)

    def _below(self, path: str | PurePath) -> str:
        key = key_of(str(path))
        if not key:
            raise UnsafeNameError(
                str(path), "names the collection itself", location=str(self.path())
            )
        return check_key(join(self._key, key))


def path_of(storage: Storage, key: str) -> Path:
    """Where a key is, as a path: a real one for files, a notional one elsewhere."""
    location = storage.locate(key)
    if location.startswith("/"):
        return Path(location)
    return Path("/", key)
