"""A collection of somebody else's driver, used as a storage.

The published interface knows no version tokens and writes one object at a time. Tokens are
made of the content; several changes are made one after the other, which is what the published
contract has always promised, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from threading import RLock

from ..errors import StaleTokensError, WrongKindError
from ..mounting.accessible import AgnosticCollection, Localizable, Object
from ..names import check_key, join, split
from .contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    MakeFolder,
    Put,
    Selection,
    Stored,
    Token,
    check_changes,
    check_selection,
)
from .filesystem.signatures import token_of


class CollectionStorage:
    """A storage on top of any published collection."""

    capabilities = Capabilities(atomic="object", partial_commits=True)

    def __init__(self, root: AgnosticCollection) -> None:
        self.root = root
        self._lock = RLock()

    def read(self, selection: Selection) -> Contents:
        """Read object after object."""
        check_selection(selection)
        with self._lock:
            found = Contents()
            keys = list(selection.objects)
            for members in selection.members:
                keys += self._members(members.folder, members.suffix)
            for key in keys:
                stored = self._stored(key)
                if stored is not None:
                    found.objects[key] = stored
            found.folders = {
                folder for folder in selection.folders if self._collection(folder) is not None
            }
            return found

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """List a collection."""
        with self._lock:
            collection = self._collection(check_key(folder))
            if collection is None:
                return None
            entries = [
                Entry(str(found.name()), "object" if isinstance(found, Object) else "folder")
                for found in collection.ls()
            ]
            return sorted(entries, key=lambda entry: entry.name)

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Check every expectation, then make the changes in their order."""
        check_changes(changes, expected)
        with self._lock:
            stale = [key for key, token in expected.items() if self._token(key) != token]
            if stale:
                raise StaleTokensError(stale)
            tokens: dict[str, Token] = {}
            for change in changes:
                if isinstance(change, Put):
                    self._put(change)
                    tokens[change.key] = token_of(change.data)
                elif isinstance(change, MakeFolder):
                    self._make(change.key)
                else:
                    self.root.rm(change.key)
            return tokens

    def recover(self) -> Sequence[str]:
        """The published interface keeps no journal."""
        return ()

    def locate(self, key: str) -> str:
        """The path that the collection gives itself, with the key below it."""
        top = self.root.path() if isinstance(self.root, Localizable) else PurePosixPath("/")
        return str(top / key) if key else str(top)

    def _members(self, folder: str, suffix: str) -> Sequence[str]:
        return [
            join(folder, entry.name)
            for entry in self.entries(folder) or ()
            if entry.kind == "object"
            and entry.name.endswith(suffix)
            and not entry.name.startswith(".")
        ]

    def _stored(self, key: str) -> Stored | None:
        found = self.root.find_object(key)
        if found is None:
            return None
        data = found.read_binary()
        return Stored(data, token_of(data))

    def _token(self, key: str) -> Token | None:
        stored = self._stored(key)
        return None if stored is None else stored.token

    def _collection(self, folder: str) -> AgnosticCollection | None:
        if not folder:
            return self.root
        found = self.root.find(folder)
        if isinstance(found, Object):
            raise WrongKindError(
                "a folder was expected, an object found", location=self.locate(folder)
            )
        return found

    def _put(self, change: Put) -> None:
        folder = split(change.key)[0]
        if folder:
            self._make(folder)
        found = self.root.find_object(change.key)
        (found if found is not None else self.root.touch(change.key)).write_binary(change.data)

    def _make(self, folder: str) -> None:
        if self._collection(folder) is None:
            self.root.mkdir(folder)
