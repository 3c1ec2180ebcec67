"""What back ends have in common that can change one object at a time, and no more.

Every expectation is checked before the first write, and again by the back end with each write,
so a single object is never overwritten unseen. Several objects are not one: a commit that stops
in between raises PartialCommitError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..decorators import not_implemented
from ..errors import (
    PartialCommitError,
    StaleTokensError,
    StorageError,
    WrongKindError,
)
from ..names import check_key, join, split
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

Answer = TypeVar("Answer")
_AT_ONCE = 16


class MovedError(StorageError):
    """The back end refused a conditional write: the object is not what was expected."""


class PerObjectStorage:
    """A storage out of five calls: get, put, delete, list, and make a folder."""

    def __init__(self, *, partial_commits: bool, folders: bool) -> None:
        self.capabilities = Capabilities("object", folders, partial_commits)

    # ── what a back end provides ──────────────────────────────────────────────────────

    @not_implemented
    def get_object(self, key: str) -> Stored | None:
        """One object; None where there is none."""

    @not_implemented
    def put_object(self, key: str, data: bytes, current: Stored | None) -> Token:  # type: ignore[empty-body]
        """Write one object over `current`; raises MovedError where that is not there now."""

    @not_implemented
    def delete_object(self, key: str, current: Stored) -> None:
        """Delete one object; raises MovedError where it is not `current` any more."""

    @not_implemented
    def list_folder(self, folder: str) -> list[Entry] | None:
        """What is right inside a folder; None where there is no folder."""

    def make_folder(self, key: str) -> None:
        """Make a folder whose parent exists; nothing to do where there are no folders."""

    def delete_folder(self, key: str) -> None:
        """Delete a folder that is empty; nothing to do where there are no folders."""

    @not_implemented
    def locate(self, key: str) -> str:  # type: ignore[empty-body]
        """Where a key is stored, in words that a person can follow."""

    # ── what follows from it ──────────────────────────────────────────────────────────

    def read(self, selection: Selection) -> Contents:
        """Read several objects at a time; others may write in between."""
        check_selection(selection)
        found = Contents()
        keys = list(selection.objects)
        for members in selection.members:
            keys += [
                check_key(join(members.folder, entry.name))
                for entry in self.entries(members.folder) or ()
                if entry.kind == "object"
                and entry.name.endswith(members.suffix)
                and not entry.name.startswith(".")
            ]
        for key, stored in zip(keys, _at_once(self.get_object, keys), strict=True):
            if stored is not None:
                found.objects[key] = stored
        for folder in selection.folders:
            if self._is_folder(folder):
                found.folders.add(folder)
        return found

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """List one folder."""
        entries = self.list_folder(check_key(folder))
        if entries is None and not folder:
            return []
        return None if entries is None else sorted(entries, key=lambda entry: entry.name)

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Check every expectation, then make the changes in their order."""
        check_changes(changes, expected)
        written = {change.key for change in changes if not isinstance(change, MakeFolder)}
        removed = {change.key for change in changes if isinstance(change, Remove)}
        keys = [*written.union(expected)]
        found_now = _at_once(lambda key: self._current(key, may_be_folder=key in removed), keys)
        current = dict(zip(keys, found_now, strict=True))
        stale = [
            key
            for key, token in expected.items()
            if (found.token if (found := current[key]) else None) != token
        ]
        if stale:
            raise StaleTokensError(stale)
        tokens: dict[str, Token] = {}
        for number, change in enumerate(changes):
            try:
                self._change(change, current.get(change.key), tokens)
            except MovedError as error:
                if not number:
                    raise StaleTokensError([change.key]) from error
                raise self._partial(changes, number, error, tokens) from error
            except StorageError as error:
                if not number:
                    raise
                raise self._partial(changes, number, error, tokens) from error
        return tokens

    def recover(self) -> Sequence[str]:
        """Nothing is kept that could be finished."""
        return ()

    def _current(self, key: str, *, may_be_folder: bool) -> Stored | None:
        try:
            return self.get_object(key)
        except WrongKindError:
            if may_be_folder:
                return None
            raise

    def _change(self, change: Change, current: Stored | None, tokens: dict[str, Token]) -> None:
        if isinstance(change, Put):
            self._make_folders(split(change.key)[0])
            tokens[change.key] = self.put_object(change.key, change.data, current)
        elif isinstance(change, MakeFolder):
            self._make_folders(change.key)
        else:
            self._remove(change, current)

    def _remove(self, change: Remove, current: Stored | None) -> None:
        if current is not None:
            self.delete_object(change.key, current)
            return
        for key, kind in reversed(list(self._below(change.key))):
            if kind == "folder":
                self.delete_folder(key)
            else:
                stored = self.get_object(key)
                if stored is not None:
                    self.delete_object(key, stored)

    def _below(self, folder: str) -> Iterable[tuple[str, str]]:
        """A folder and all that is in it, each after what contains it."""
        entries = self.list_folder(folder)
        if entries is None:
            return
        yield folder, "folder"
        for entry in entries:
            key = join(folder, entry.name)
            if entry.kind == "folder":
                yield from self._below(key)
            else:
                yield key, "object"

    def _make_folders(self, folder: str) -> None:
        if not self.capabilities.folders or not folder or self._is_folder(folder):
            return
        self._make_folders(split(folder)[0])
        self.make_folder(folder)

    def _is_folder(self, folder: str) -> bool:
        if not folder or self.list_folder(folder) is not None:
            return True
        if self.get_object(folder) is not None:
            raise WrongKindError(
                "a folder was expected, an object found", location=self.locate(folder)
            )
        return False

    def _partial(
        self,
        changes: Sequence[Change],
        done: int,
        error: StorageError,
        tokens: Mapping[str, Token],
    ) -> PartialCommitError:
        keys = [change.key for change in changes]
        return PartialCommitError(
            keys[:done],
            keys[done:],
            error.problem,
            location=self.locate(keys[done]),
            tokens=tokens,
        )


def _at_once(ask: Callable[[str], Answer], keys: Sequence[str]) -> list[Answer]:
    """Ask about many keys, several at a time: most of the time is spent waiting for an answer."""
    if len(keys) < 2:
        return [ask(key) for key in keys]
    with ThreadPoolExecutor(min(len(keys), _AT_ONCE)) as threads:
        return list(threads.map(ask, keys))
