"""The published view of storage: objects, and collections of them.

These are the interfaces that items are written against, and that a driver of your own may
implement; `worktree.testing` has an acceptance suite for such drivers. Paths are relative to
the collection that is asked, and may be strings or `pathlib` paths.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Generic, Literal, TypeAlias, TypeVar

from ..decorators import not_implemented
from ..errors import WrongKindError

AccessibleType: TypeAlias = Literal["object", "collection", "any"]
WrongAccessibleTypeException = WrongKindError
M = TypeVar("M")


class Named:
    """Something with a name."""

    @not_implemented
    def name(self) -> str:  # type: ignore[empty-body]
        """The last name of the path."""


class Localizable(Named):
    """Something with a path."""

    @not_implemented
    def path(self) -> Path:  # type: ignore[empty-body]
        """Where it is."""


class Object(Localizable):
    """A file-like entry."""

    @not_implemented
    def read_text(self) -> str:  # type: ignore[empty-body]
        """The content, as UTF-8 text."""

    @not_implemented
    def write_text(self, data: str) -> None:
        """Replace the content by text, encoded as UTF-8."""

    @not_implemented
    def read_binary(self) -> bytes:  # type: ignore[empty-body]
        """The content."""

    @not_implemented
    def write_binary(self, data: bytes) -> None:
        """Replace the content."""


class AgnosticCollection(Named):
    """What every collection can do, wherever it is stored."""

    @not_implemented
    def ls(self) -> Iterable[Accessible]:  # type: ignore[empty-body]
        """What is right inside this collection."""

    @not_implemented
    def rm(self, path: str | PurePath) -> None:
        """Remove an object, or a collection with all that is in it, if it is there."""

    @not_implemented
    def mkdir(self, path: str | PurePath) -> Collection:  # type: ignore[empty-body]
        """Make a collection, and those above it; one that exists is returned as it is."""

    @not_implemented
    def touch(self, path: str | PurePath) -> Object:  # type: ignore[empty-body]
        """Make an empty object; one that exists is returned as it is."""

    @not_implemented
    def find(
        self, path: str | PurePath, accessible_type: AccessibleType = "any"
    ) -> Accessible | None:
        """What is stored under a path; None where there is nothing.

        Raises WrongAccessibleTypeException where it is of the other type.
        """

    def exists(self, path: str | PurePath, accessible_type: AccessibleType = "any") -> bool:
        """Whether something of this type is stored under a path."""
        try:
            return self.find(path, accessible_type) is not None
        except WrongKindError:
            return False

    def find_object(self, path: str | PurePath) -> Object | None:
        """`find`, for objects."""
        found = self.find(path, "object")
        return found if isinstance(found, Object) else None

    def find_collection(self, path: str | PurePath) -> Collection | None:
        """`find`, for collections."""
        found = self.find(path, "collection")
        return found if isinstance(found, Collection) else None

    def exists_object(self, path: str | PurePath) -> bool:
        """`exists`, for objects."""
        return self.exists(path, "object")

    def exists_collection(self, path: str | PurePath) -> bool:
        """`exists`, for collections."""
        return self.exists(path, "collection")


class Collection(AgnosticCollection, Localizable):
    """A folder-like entry."""


RootCollection = AgnosticCollection
Accessible: TypeAlias = Object | Collection


class NoMountpoint:
    """Stands for the mountpoint of a driver that needs none."""


class MountDriver(Generic[M]):
    """Turns a mountpoint into a root collection."""

    @not_implemented
    def mount(self, mountpoint: M) -> AgnosticCollection:  # type: ignore[empty-body]
        """Mount."""
