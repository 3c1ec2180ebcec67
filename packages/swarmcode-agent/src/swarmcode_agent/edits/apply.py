"""From a patch and the files it meets to the files afterwards. Pure: nothing is written here.

All or nothing: every conflict of every file is found, and then all of them are raised together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import EditConflictError
from .conflict import Conflict, file_conflict, hunk_conflict
from .model import REGULAR, SYMLINK, FileEdit, Hunk, Kind, Level, Patch
from .place import Image, Placed, Unplaced


@dataclass(frozen=True, slots=True)
class File:
    """A file's text (`surrogateescape` where it is not UTF-8) and its mode."""

    text: str
    mode: int = REGULAR


class Tree(Protocol):
    """Where the files are read."""

    def read(self, path: str) -> File | None:
        """Return the file, or None where there is none. Raises PathError for a path outside."""
        ...


@dataclass(frozen=True, slots=True)
class FileReport:
    """What happened to one file, and how each of its hunks was placed."""

    path: str
    kind: Kind
    hunks: tuple[Placed, ...]

    @property
    def level(self) -> Level:
        """The most bent of its hunks."""
        return max((placed.level for placed in self.hunks), default=Level.EXACT)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a patch makes of the files it touches; None stands for a file that goes."""

    changes: dict[str, File | None]
    reports: tuple[FileReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """The most bent of all hunks."""
        return max((report.level for report in self.reports), default=Level.EXACT)


def plan(patch: Patch, tree: Tree, *, most: Level = Level.FUZZY) -> Plan:
    """Work out what a patch does. `most` is how far hunks may be bent.

    Raises EditConflictError with every conflict, and PathError for a path that leaves the tree.
    """
    planner = _Planner(patch, tree, most)
    reports = [planner.take(edit) for edit in patch.files]
    if planner.conflicts:
        raise EditConflictError(tuple(planner.conflicts))
    done = tuple(report for report in reports if report is not None)
    return Plan(planner.changes, done, patch.notes)


def apply_hunks(
    text: str, hunks: tuple[Hunk, ...], *, most: Level = Level.FUZZY
) -> tuple[str, tuple[Placed | Unplaced, ...]]:
    """Apply hunks to one text; those that do not fit are left out and told."""
    image = Image(text)
    placed = tuple(image.apply(hunk, most=most) for hunk in hunks)
    return image.text, placed


class _Planner:
    """The files as they become, edit by edit."""

    def __init__(self, patch: Patch, tree: Tree, most: Level) -> None:
        self.changes: dict[str, File | None] = {}
        self.conflicts: list[Conflict] = []
        self._tree, self._most = tree, most
        self._leaving = {
            edit.reads for edit in patch.files if edit.kind in {Kind.DELETE, Kind.RENAME}
        }

    def take(self, edit: FileEdit) -> FileReport | None:
        """Plan one file's edit, or note why it cannot be."""
        edit = self._spelled(edit)
        before = self._before(edit)
        if (why := self._objection(edit, before)) is not None:
            self.conflicts.append(file_conflict(edit.reads, why))
            return None
        if edit.kind is Kind.WRITE:
            mode = before.mode if before else REGULAR
            self.changes[edit.path] = File(edit.content or "", edit.mode or mode)
            return FileReport(edit.path, edit.kind, ())
        made_here = edit.path in self.changes
        start = before if before and (edit.kind is not Kind.CREATE or made_here) else File("")
        text, placed = apply_hunks(start.text, edit.hunks, most=self._most)
        if self._missed(edit, placed, start):
            return None
        self._record(edit, text, start)
        return FileReport(edit.path, edit.kind, tuple(p for p in placed if isinstance(p, Placed)))

    def _spelled(self, edit: FileEdit) -> FileEdit:
        """Read an unclear path as the first spelling that is there."""
        if not edit.spellings or self._read(edit.path) is not None:
            return edit
        found = next((name for name in edit.spellings if self._read(name) is not None), edit.path)
        return replace(edit, path=found)

    def _before(self, edit: FileEdit) -> File | None:
        # The parts of a patch with renames do not depend on their order: a ↔ b swaps both.
        first_hand = edit.kind in {Kind.RENAME, Kind.COPY}
        return self._tree.read(edit.reads) if first_hand else self._read(edit.reads)

    def _read(self, path: str) -> File | None:
        return self.changes[path] if path in self.changes else self._tree.read(path)

    def _objection(self, edit: FileEdit, before: File | None) -> str | None:
        if edit.kind is Kind.WRITE:
            return None
        if edit.kind is Kind.CREATE:
            there = self._tree.read(edit.path) is not None
            if there and edit.path not in self._leaving:
                return "the patch creates this file, and it is already there; edit it instead"
            return None
        if before is None:
            return "there is no such file; check the path, or create it from /dev/null"
        arrives = edit.source is not None and edit.path != edit.source
        if arrives and self._read(edit.path) is not None and edit.path not in self._leaving:
            return f"it would become {edit.path!r}, which is already there"
        if (before.mode & 0o170000 == SYMLINK) and edit.mode not in {None, SYMLINK}:
            return "it is a symbolic link and the patch makes a file of it; delete it first"
        return None

    def _missed(self, edit: FileEdit, placed: tuple[Placed | Unplaced, ...], file: File) -> bool:
        lines = Image(file.text).lines
        missed = [(n, p) for n, p in enumerate(placed, 1) if isinstance(p, Unplaced)]
        self.conflicts += [hunk_conflict(edit, number, miss, lines) for number, miss in missed]
        return bool(missed)

    def _record(self, edit: FileEdit, text: str, start: File) -> None:
        if edit.kind is Kind.DELETE:
            if text:
                why = "the patch deletes this file but not all of its lines; remove every line"
                self.conflicts.append(file_conflict(edit.path, why))
            self.changes[edit.path] = None
            return
        if edit.kind is Kind.RENAME and self.changes.get(edit.reads) is None:
            self.changes[edit.reads] = None
        self.changes[edit.path] = File(text, edit.mode or start.mode)
