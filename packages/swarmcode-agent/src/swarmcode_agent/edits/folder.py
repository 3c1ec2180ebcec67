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

    def read(self, path: str) -> File | None:
        """Return one file. Its bytes come back unchanged from `write`."""
        target = self._folder.link(path)
        if target is not None:
            return File(target, SYMLINK)
        data = self._folder.read(path)
        if data is None:
            return None
        mode = self._folder.mode(path) or 0
        return File(_text(data), EXECUTABLE if mode & stat.S_IXUSR else REGULAR)

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
        found = self._folder.mode(path)
        before = 0o644 if found is None else stat.S_IMODE(found)
        if file.mode == EXECUTABLE:
            return before | (before & 0o444) >> 2
        return before & ~0o111


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def apply_patch(
    patch: Patch, folder: str | Path | ConfinedFolder, *, most: Level = Level.FUZZY
) -> Plan:
    """Apply a patch to a folder, all of it or nothing, and say how each hunk was placed.

    Raises EditConflictError where it does not fit and PathError where it leaves the folder; both
    before anything is written. Where writing itself fails, what was written is put back. Only a
    machine that stops between two files leaves some of them changed.
    """
    confined = folder if isinstance(folder, ConfinedFolder) else ConfinedFolder(folder)
    tree = FolderTree(confined)
    planned = plan(patch, tree, most=most)
    for path in planned.changes:
        confined.check(path)
    before = {path: tree.read(path) for path in planned.changes}
    written: list[str] = []
    try:
        for path in _in_order(planned, before):
            written.append(path)
            tree.write(path, planned.changes[path])
    except PathError:
        for path in reversed(written):
            _put_back(tree, path, before[path])
        raise
    return planned


def _in_order(planned: Plan, before: dict[str, File | None]) -> list[str]:
    """Removals first, so that a file may become a folder; nothing twice, nothing needless."""
    changed = [path for path, file in planned.changes.items() if file != before[path]]
    return sorted(changed, key=lambda path: planned.changes[path] is not None)


def _put_back(tree: FolderTree, path: str, file: File | None) -> None:
    with suppress(PathError):  # it was not reached, or the disk is gone: the first error counts
        tree.write(path, file)
