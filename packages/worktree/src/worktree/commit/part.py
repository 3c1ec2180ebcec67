"""A part of a tree: what one sync, one commit or one plan is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import LossyValueError, WorktreeError
from ..storage.contract import Storage
from .cells import Cell
from .hooks import Hooked

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the tree, and the node that stands for it; None for a dict or a list."""

    key: str
    path: Path
    holder: Any
    node: Any = None


@dataclass(frozen=True, slots=True)
class Part:
    """Some cells, the folders they need, and the items with hooks."""

    storage: Storage
    cells: list[Cell]
    folders: list[Folder]
    hooked: list[Hooked]

    def within(self, path: Path) -> Part:
        """What of this part is at a path, or below it."""
        size = len(path)
        return Part(
            self.storage,
            [cell for cell in self.cells if cell.path[:size] == path],
            [folder for folder in self.folders if folder.path[:size] == path],
            [hooked for hooked in self.hooked if hooked.path[:size] == path],
        )

    def refuse_replaced(self) -> None:
        """Raise where a folder of the tree was replaced: what is in the new one has no place."""
        for folder in self._replaced():
            raise LossyValueError(
                "it was replaced by another object, and nothing in that would be stored",
                path=".".join(folder.path),
                location=self.storage.locate(folder.key),
                hint="nothing was written; change what is in it, and sync() puts it back",
            )

    def put_back(self) -> None:
        """Put every node that was replaced back into its place."""
        for folder in self._replaced():
            folder.holder.__dict__[folder.path[-1]] = folder.node

    def _replaced(self) -> Iterator[Folder]:
        for folder in self.folders:
            found = folder.holder.__dict__.get(folder.path[-1])
            if folder.node is not None and found is not folder.node:
                yield folder

    # ── errors ────────────────────────────────────────────────────────────────────────

    @contextmanager
    def placing(self, keys: Sequence[str] = ()) -> Iterator[None]:
        """A context in which an error of the storage learns which part of the tree it is about.

        `keys` are what was about to be written, for errors that are about all of it.
        """
        try:
            yield
        except WorktreeError as error:
            error.path = error.path or self._at(error.location) or self._together(keys)
            raise

    def _at(self, location: str) -> str:
        """The place in the tree that is stored at a location; "" where none is."""
        locate = self.storage.locate
        for cell in self.cells:
            if not cell.field.many and location == locate(cell.key("")):
                return cell.label("")
            inside, end = f"{locate(cell.folder)}/", cell.field.suffix
            member = location.removeprefix(inside).removesuffix(end)
            if cell.field.many and location == f"{inside}{member}{end}":
                return cell.label(member)
        found = (f.path for f in self.folders if location == locate(f.key))
        return ".".join(next(found, ()))

    def _together(self, keys: Sequence[str]) -> str:
        """The first of several places, and how many there are beside it."""
        if not keys:
            return ""
        first = self._at(self.storage.locate(keys[0]))
        return f"{first} and {len(keys) - 1} more" if first and len(keys) > 1 else first
