"""A storage in memory: gone with the process, shared by every mount of the same instance."""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock

from ..errors import StaleTokensError, WrongKindError
from ..names import ancestors, check_key, split
from .contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    MakeFolder,
    Put,
    Remove,
    Selection,
    Stored,
    Token,
    check_changes,
    check_selection,
)


class MemoryStorage:
    """Objects and folders in two dictionaries, behind one lock."""

    capabilities = Capabilities(atomic="tree")

    def __init__(self) -> None:
        self._objects: dict[str, Stored] = {}
        self._folders: set[str] = {""}
        self._generation = 0
        self._lock = RLock()

    def read(self, selection: Selection) -> Contents:
        """Read under the lock, so that all of it is of one generation."""
        check_selection(selection)
        with self._lock:
            found = Contents()
            for key in selection.objects:
                self._refuse_folder(key)
                if key in self._objects:
                    found.objects[key] = self._objects[key]
            for members in selection.members:
                self._refuse_object(members.folder)
                found.objects.update(self._members(members.folder, members.suffix))
            for folder in selection.folders:
                self._refuse_object(folder)
                if folder in self._folders:
                    found.folders.add(folder)
            return found

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """Look through all keys; a memory storage is small."""
        with self._lock:
            self._refuse_object(check_key(folder))
            if folder not in self._folders:
                return None
            entries = [
                Entry(split(key)[1], "object") for key in self._inside(self._objects, folder)
            ]
            entries += [
                Entry(split(key)[1], "folder") for key in self._inside(self._folders, folder)
            ]
            return sorted(entries, key=lambda entry: entry.name)

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Check everything, then change everything; nothing in between can fail."""
        check_changes(changes, expected)
        with self._lock:
            self._check(changes, expected)
            self._generation += 1
            tokens: dict[str, Token] = {}
            for change in changes:
                if isinstance(change, Put):
                    tokens[change.key] = str(self._generation)
                    self._objects[change.key] = Stored(change.data, tokens[change.key])
                    self._folders.update(ancestors(change.key))
                elif isinstance(change, MakeFolder):
                    self._folders.update((*ancestors(change.key), change.key))
                else:
                    self._remove(change.key)
            return tokens

    def recover(self) -> Sequence[str]:
        """Nothing is ever left half done here."""
        return ()

    def locate(self, key: str) -> str:
        """The key, marked as being in memory."""
        return f"memory:{key}"

    def _members(self, folder: str, suffix: str) -> dict[str, Stored]:
        return {
            key: self._objects[key]
            for key in self._inside(self._objects, folder)
            if key.endswith(suffix) and not split(key)[1].startswith(".")
        }

    @staticmethod
    def _inside(keys: dict[str, Stored] | set[str], folder: str) -> list[str]:
        return [key for key in keys if key and split(key)[0] == folder]

    def _check(self, changes: Sequence[Change], expected: Expected) -> None:
        stale = [
            key
            for key, token in expected.items()
            if (found.token if (found := self._objects.get(key)) else None) != token
        ]
        if stale:
            raise StaleTokensError(stale)
        for change in changes:
            if isinstance(change, Put):
                self._refuse_folder(change.key)
            elif isinstance(change, MakeFolder):
                self._refuse_object(change.key)
            if not isinstance(change, Remove):
                for folder in ancestors(change.key):
                    self._refuse_object(folder)

    def _remove(self, key: str) -> None:
        below = f"{key}/"
        for known in [known for known in self._objects if known == key or known.startswith(below)]:
            del self._objects[known]
        self._folders = {
            known for known in self._folders if known != key and not known.startswith(below)
        }

    def _refuse_folder(self, key: str) -> None:
        if key in self._folders:
            raise WrongKindError(
                "an object was expected, a folder found", location=self.locate(key)
            )

    def _refuse_object(self, key: str) -> None:
        if key in self._objects:
            raise WrongKindError(
                "a folder was expected, an object found", location=self.locate(key)
            )
