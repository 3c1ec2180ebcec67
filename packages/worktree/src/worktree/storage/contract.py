"""What worktree asks of a back end: five calls, and an honest word about itself.

A driver stores objects (bytes) under keys (see `worktree.names`) and hands out a version token
with everything it reads. All of what a commit decides reaches the driver as one `apply`: a set
of changes, and the tokens that must still hold. A driver that cannot apply several changes as
one says so in its capabilities. `worktree.testing` has the acceptance suite that a driver
proves itself with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from ..errors import StorageError
from ..names import ancestors, check_keys

Token: TypeAlias = str
Expected: TypeAlias = Mapping[str, Token | None]
"""Per key, the token that must still hold; None where nothing may be stored."""


class Stored(NamedTuple):
    """An object as it is stored, and the token of this version of it."""

    data: bytes
    token: Token


@dataclass(frozen=True, slots=True)
class Members:
    """All the objects right inside `folder` whose names end with `suffix`."""

    folder: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read in one go: single objects, members of folders, and whether folders exist."""

    objects: Sequence[str] = ()
    members: Sequence[Members] = ()
    folders: Sequence[str] = ()


@dataclass(slots=True)
class Contents:
    """What a selection found, all of one generation; what is absent is left out."""

    objects: dict[str, Stored] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


class Put(NamedTuple):
    """Store `data` under `key`, making the folders above it.

    The first `keep` bytes are those of the version that the commit expects, so a driver may
    append the rest instead of writing the whole object again. A tuple, because a commit can have
    very many, and tuples are made fastest.
    """

    key: str
    data: bytes
    keep: int = 0


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the object, or the folder with all that is in it, under `key`, if there is one."""

    key: str


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Make the folder `key`, and those above it, where there is none."""

    key: str


Change: TypeAlias = Put | Remove | MakeFolder
Kind: TypeAlias = Literal["object", "folder"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a driver promises.

    `atomic` is "tree" when one `apply` happens wholly or not at all, "object" when only each
    object does. `partial_commits` is the owner's word that the latter is good enough.
    """

    atomic: Literal["tree", "object"]
    folders: bool = True
    partial_commits: bool = False


@runtime_checkable
class Storage(Protocol):
    """A back end. Calls may come from several threads at once."""

    @property
    def capabilities(self) -> Capabilities:
        """What this driver promises."""

    def read(self, selection: Selection) -> Contents:
        """Read everything that the selection names, from one generation where atomic."""

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """What is right inside a folder, sorted by name; None where there is no such folder.

        Raises WrongKindError where `folder` is an object.
        """

    def apply(self, changes: Sequence[Change], expected: Expected) -> Mapping[str, Token]:
        """Check every expectation, then make every change; the new token of each Put.

        Raises StaleTokensError, with nothing changed, where an expectation does not hold.
        """

    def recover(self) -> Sequence[str]:
        """Finish what an interrupted `apply` decided; the keys that this brought up to date."""

    def locate(self, key: str) -> str:
        """Where a key is stored, in words that a person can follow."""


def check_selection(selection: Selection) -> None:
    """Refuse a selection with a name in it that is not safe."""
    check_keys(selection.objects)
    check_keys(selection.folders)
    check_keys([members.folder for members in selection.members])


def check_changes(changes: Sequence[Change], expected: Expected) -> None:
    """Refuse names that are not safe, and changes that depend on their order.

    That is a key that is changed twice, or a change inside a removed folder.
    """
    keys = {change.key for change in changes}
    check_keys(keys)
    if len(keys) < len(changes):
        raise StorageError("two changes of one object or folder in one commit")
    removed = {change.key for change in changes if isinstance(change, Remove)}
    if "" in keys and not all(
        isinstance(change, MakeFolder) for change in changes if not change.key
    ):
        raise StorageError("the root of a mount can be neither written nor removed")
    check_keys([key for key in expected if key not in keys])
    if not removed:
        return
    for key in keys:
        inside = next((folder for folder in ancestors(key) if folder in removed), None)
        if inside is not None:
            raise StorageError(f"{key!r} is changed and {inside!r} above it removed in one commit")
