"""Indexes that a store keeps as files: read whole, replaced whole, one writer at a time."""

from collections.abc import Callable
from pathlib import Path

from ..digest import open_regular
from ..errors import AdapterMissingError, NotFoundError
from ..files import locked, write_atomically
from .index import Index

LARGEST_INDEX = 64 << 20


class IndexFiles:
    """The indexes of a store; `path_of` says where an agent's lies."""

    def __init__(self, path_of: Callable[[str], Path], *, lock: Path) -> None:
        self._path_of = path_of
        self._lock = lock

    def read(self, name: str) -> Index:
        """Return an agent's index, or raise `NotFoundError`."""
        try:
            with open_regular(self._path_of(name)) as file:
                return Index.from_bytes(file.read(LARGEST_INDEX), name=name)
        except AdapterMissingError as error:
            raise NotFoundError(f"there is no agent {name}") from error

    def change(self, name: str, change: Callable[[Index], Index], *, create: bool = False) -> Index:
        """Change an index as a whole, while nobody else does; return what it is now."""
        with locked(self._lock):
            try:
                before = self.read(name)
            except NotFoundError:
                if not create:
                    raise
                before = Index(name)
            if (after := change(before)) != before:
                write_atomically(self._path_of(name), after.to_bytes())
            return after
