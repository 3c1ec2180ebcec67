"""A patch on the files of a folder: read, plan, write everything or nothing."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

from ..confined import ConfinedFolder
from ..errors import PathError
from .apply import File, Plan, plan
from .model import EXECUTABLE, REGULAR, SYMLINK, Level, Patch


class FolderTree:
    """The files of a folder, as a patch reads and writes them."""

    def __init__(self, folder: ConfinedFolder) -> None:
        self._folder = folder
        self._modes: dict[str, int] = {}  # as they were when the files were read

    def read(self, path: str) -> File | None:
        """Return one file. Its bytes come back unchanged from `write`."""
        found = self._folder.load(path)
        if found is None:
            return None
        text = found.data.decode("utf-8", "surrogateescape")
        if stat.S_ISLNK(found.mode):
            return File(text, SYMLINK)
        self._modes[path] = stat.S_IMODE(found.mode)
        return File(text, EXECUTABLE if found.mode & stat.S_IXUSR else REGULAR)

    def write(self, path: str, file: File | None) -> None:
        """Put one file in place, or take it away."""
        if file is None:
            self._folder.remove(path)
        elif file.mode & 0o170000 == SYMLINK:
            self._folder.write_link(path, file.text)
        else:
            data = file.text.encode("utf-8", "surrogateescape")
            self._folder.write(path, data, mode=self._permissions(path, file))

    def _permissions(self, path: str, file: File) -> int:
        """Change the execute bits alone: a file that its owner made private stays private."""
        before = self._modes.get(path, 0o644)
        if file.mode == EXECUTABLE:
            return before | (before & 0o444) >> 2
        return before & ~0o111


class _Remembering:
    """Reads each file once: what is planned, compared and put back is one and the same."""

    def __init__(self, tree: FolderTree) -> None:
        self._tree = tree
        self._seen: dict[str, File | None] = {}

    def read(self, path: str) -> File | None:
        if path not in self._seen:
            self._seen[path] = self._tree.read(path)
        return self._seen[path]


def apply_patch(
    patch: Patch, folder: str | Path | ConfinedFolder, *, most: Level = Level.FUZZY
) -> Plan:
    """Apply a patch to a folder, all of it or nothing, and say how each hunk was placed.

    Raises EditConflictError where it does not fit and PathError where it leaves the folder; both
    before anything is written. Where writing itself fails, what was written is put back. Only a
    machine that stops between two files leaves some of them changed.
    """
    confined = folder if isinstance(folder, ConfinedFolder) else ConfinedFolder(folder)
    folder_tree = FolderTree(confined)
    tree = _Remembering(folder_tree)
    planned = plan(patch, tree, most=most)
    for path in planned.changes:
        confined.check(path)
    before = {path: tree.read(path) for path in planned.changes}
    written: list[str] = []
    try:
        for path in _in_order(planned, before):
            written.append(path)
            folder_tree.write(path, planned.changes[path])
    except PathError:
        for path in reversed(written):
            _put_back(folder_tree, path, before[path])
        raise
    return planned


def _in_order(planned: Plan, before: dict[str, File | None]) -> list[str]:
    """Removals first, so that a file may become a folder; nothing twice, nothing needless."""
    changed = [path for path, file in planned.changes.items() if file != before[path]]
    return sorted(changed, key=lambda path: planned.changes[path] is not None)


def _put_back(tree: FolderTree, path: str, file: File | None) -> None:
    with suppress(PathError):  # it was not reached, or the disk is gone: the first error counts
        tree.write(path, file)
