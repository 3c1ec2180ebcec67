"""The two kinds of trees that an ingest reads: a commit's, and a folder as it stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from .entries import (
    Entry,
    commit_entries,
    folder_entries,
    link_target,
    read_in_place,
    submodule_urls,
    worktree_entries,
)
from .git import BlobReader
from .history import History
from .rules import IGNORE_FILE, IgnoreFiles

_LARGEST_IGNORE_FILE = 1 << 20


class Tree(Protocol):
    """Names first, contents when asked; `read` may be called from several threads."""

    @property
    def ignore_files(self) -> tuple[str, ...]:
        """The names of files that say what to ignore."""
        ...

    def entries(self) -> Sequence[Entry]:
        """Return every entry."""
        ...

    def read(self, entry: Entry, *, limit: int) -> bytes | None:
        """Return a file's bytes (little more than `limit` of them), or None if it has none."""
        ...

    def describe(self, entry: Entry) -> str:
        """Say of a symlink or submodule where it leads."""
        ...

    def close(self) -> None:
        """End what was started for reading."""
        ...


class CommitTree:
    """The tree of a commit, read from our bare copy of the history."""

    ignore_files = (IGNORE_FILE,)

    def __init__(self, history: History) -> None:
        self._history = history
        self._local = threading.local()
        self._readers: list[BlobReader] = []
        self.submodules = submodule_urls(history)

    def entries(self) -> Sequence[Entry]:
        """Return every entry of the commit."""
        return list(commit_entries(self._history))

    def read(self, entry: Entry, *, limit: int) -> bytes | None:
        """Return a blob; its size was checked before."""
        reader: BlobReader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = BlobReader(self._history.repository)
            self._readers.append(reader)
        return reader.read(entry.oid) if entry.size <= limit else None

    def describe(self, entry: Entry) -> str:
        """Say where a symlink points, or which repository a submodule is."""
        if entry.kind == "symlink":
            return _leads(entry.path, link_target(self._history, entry))
        return f"{self.submodules.get(entry.path, 'unknown repository')} at {entry.oid}"

    def close(self) -> None:
        """End the git processes."""
        while self._readers:
            self._readers.pop().close()


class FolderTree:
    """A folder as it stands: with a repository, what git does not ignore; without, everything."""

    def __init__(self, root: Path, *, has_repository: bool) -> None:
        self._root = root
        self._has_repository = has_repository
        self.ignore_files = (IGNORE_FILE,) if has_repository else (".gitignore", IGNORE_FILE)

    def entries(self) -> Sequence[Entry]:
        """Return every entry of the folder."""
        find = worktree_entries if self._has_repository else folder_entries
        return list(find(self._root))

    def read(self, entry: Entry, *, limit: int) -> bytes | None:
        """Return a file's bytes, cut a little above the limit."""
        return read_in_place(self._root, entry, limit=limit)

    def describe(self, entry: Entry) -> str:
        """Say where a symlink points."""
        if entry.kind == "symlink":
            return _leads(entry.path, str((self._root / entry.path).readlink()))
        return "a repository of its own"

    def close(self) -> None:
        """Nothing was started."""


def read_ignore_files(tree: Tree, entries: Sequence[Entry]) -> IgnoreFiles:
    """Return the ignore files that stand in a tree."""
    found = IgnoreFiles()
    for folder, files in _by_folder(tree, entries):
        lines: list[str] = []
        for entry in files:
            content = tree.read(entry, limit=_LARGEST_IGNORE_FILE) or b""
            lines.extend(content.decode("utf-8", "replace").splitlines())
        found.add(folder, lines)
    return found


def _by_folder(tree: Tree, entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    folders: dict[str, list[Entry]] = {}
    for entry in entries:
        pure = PurePosixPath(entry.path)
        if pure.name in tree.ignore_files and entry.kind == "file":
            folders.setdefault("" if str(pure.parent) == "." else str(pure.parent), []).append(
                entry
            )
    yield from folders.items()


def _leads(path: str, target: str) -> str:
    """Say where a symlink leads, and whether that is outside of the tree."""
    depth = len(PurePosixPath(path).parts) - 1
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 0 if part in ("/", ".") else 1
        if depth < 0:
            break
    outside = target.startswith("/") or depth < 0
    return f"to {target!r}" + (", which is outside of the repository" if outside else "")
