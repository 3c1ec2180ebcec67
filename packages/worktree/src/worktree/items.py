"""The classes that trees are made of, and how an instance is put together.

An item owns a part of storage. An `Artifact` has a value in memory, an `Anchor` a handle to
something that stays in storage; a `LayoutAnchor` is a folder of other items, and a `Worktree`
the root of it all. How they are read and written is the business of a `Session`; an item that
belongs to none reads and writes through its own hooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from .construction import child_collection, construct_children
from .decorators import not_implemented, unreachable_worktree_action
from .layout import announce
from .lifecycle import commit_item, sync_item
from .mounting.accessible import AgnosticCollection, Collection, Object
from .mounting.claim import Claim, CollectionClaim
from .syncable.protocol import Syncable

Value = TypeVar("Value")
Handle = TypeVar("Handle")
_FOLDERS_ONLY = "LayoutAnchor only claims collections, not objects"


class BaseWorktreeItem(Syncable):
    """What owns a part of storage. The hooks say how each claim is made, read and written."""

    __worktree_role__: ClassVar[str] = "item"
    _session: ClassVar[Any] = None

    def __init__(
        self, item_name: str, mounted_at: AgnosticCollection, initial_states: Any | None = None
    ) -> None:
        self._item_name = item_name
        self._mounted_at = mounted_at
        self._initial_states = initial_states

    @property
    def item_name(self) -> str:
        """The name of the field that this item is mounted under."""
        return self._item_name

    def sync(self) -> None:
        """Take what is stored, or write what is here where nothing is stored yet."""
        sync_item(self)

    def commit(self) -> None:
        """Write what is here."""
        commit_item(self)

    @not_implemented
    def ownership_claims(self) -> list[Claim]:  # type: ignore[empty-body]
        """What this item owns, relative to where it is mounted."""

    @not_implemented
    def initialize_object(self, path: Path, obj: Object) -> None:
        """Set up the state of a claim that has just been made."""

    @not_implemented
    def initialize_collection(self, path: Path, collection: Collection) -> None:
        """Set up the state of a claim that has just been made."""

    @not_implemented
    def validate_object(self, path: Path, obj: Object) -> None:
        """Take the state of a claim from storage."""

    @not_implemented
    def validate_collection(self, path: Path, collection: Collection) -> None:
        """Take the state of a claim from storage."""

    @not_implemented
    def commit_object(self, path: Path, obj: Object) -> None:
        """Write the state of a claim to storage."""

    @not_implemented
    def commit_collection(self, path: Path, collection: Collection) -> None:
        """Write the state of a claim to storage."""


class Artifact(BaseWorktreeItem, Generic[Value]):
    """An item that has a value in memory."""

    __worktree_role__: ClassVar[str] = "artifact"

    @not_implemented
    def value(self) -> Value:  # type: ignore[empty-body]
        """The value in memory."""


class Anchor(BaseWorktreeItem, Generic[Handle]):
    """An item that has a handle to something in storage."""

    __worktree_role__: ClassVar[str] = "item"

    @not_implemented
    def handle(self) -> Handle:  # type: ignore[empty-body]
        """The handle."""


class LayoutAnchor(Anchor[Collection]):
    """A folder; its annotated fields are mounted inside it."""

    __worktree_role__: ClassVar[str] = "layout"

    def __init__(
        self,
        item_name: str,
        mounted_at: AgnosticCollection,
        initial_states: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(item_name, mounted_at, initial_states)
        self._collection = child_collection(mounted_at, item_name)
        construct_children(self, self._collection, initial_states)

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        announce(cls)

    def handle(self) -> Collection:
        """The folder itself; what is written through it is written at once."""
        return self._collection

    def ownership_claims(self) -> list[Claim]:
        """The folder."""
        return [CollectionClaim(path=Path(self._item_name))]

    def initialize_collection(self, path: Path, collection: Collection) -> None:
        """Nothing to set up: the children look after themselves."""

    def validate_collection(self, path: Path, collection: Collection) -> None:
        """Nothing to take: the children look after themselves."""

    def commit_collection(self, path: Path, collection: Collection) -> None:
        """Nothing to write: the children look after themselves."""

    @unreachable_worktree_action(_FOLDERS_ONLY)
    def initialize_object(self, path: Path, obj: Object) -> None:
        """Never reached."""

    @unreachable_worktree_action(_FOLDERS_ONLY)
    def validate_object(self, path: Path, obj: Object) -> None:
        """Never reached."""

    @unreachable_worktree_action(_FOLDERS_ONLY)
    def commit_object(self, path: Path, obj: Object) -> None:
        """Never reached."""


class Worktree(Syncable):
    """The root of a tree; its annotated fields are mounted at the root of a storage.

    Use `worktree.mount` to get one that is loaded. A worktree can be a field of another one,
    and then lives in a folder of its own.
    """

    __worktree_role__: ClassVar[str] = "tree"
    _session: ClassVar[Any] = None

    def __init__(
        self, root: AgnosticCollection, initial_states: Mapping[str, Any] | None = None
    ) -> None:
        self._root = root
        self._initial_states = initial_states
        construct_children(self, root, initial_states)

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        announce(cls)

    def sync(self) -> None:
        """Take what is stored, and write what is not stored yet.

        What was changed in memory and not committed is discarded. Raises ContentError, with
        memory as it was, where something stored cannot be read.
        """
        sync_item(self)

    def commit(self) -> None:
        """Write what changed in memory: all of it, or nothing.

        Raises ConflictError where somebody else changed the same artifacts, LossyValueError
        where a value would not survive, StorageError where the storage refuses; in each case
        nothing was written (see CommitPendingError for the one exception).
        """
        commit_item(self)


def bind(item: Any, name: str, at: AgnosticCollection | None, states: Any = None) -> None:
    """Tell an item where it is mounted, without touching its value, frozen or not."""
    object.__setattr__(item, "_item_name", name)
    object.__setattr__(item, "_mounted_at", at)
    object.__setattr__(item, "_initial_states", states)
    object.__setattr__(item, "_session", None)


WorktreeItem = Artifact | Anchor | Worktree  # type: ignore[type-arg]
