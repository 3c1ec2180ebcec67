"""Numbered lines: the number of a line, then what it shall say.

    src/config.py
    12 timeout = 30
    14-15 retries = 3
    17-
    20+ log.info("ready")

`12 …` replaces a line and `14-15 …` several; `17-` and `14-15-` take lines away; `20+ …` adds after
a line, `0+ …` at the top. Rows of the same numbers follow one another. It is the shortest way to
say a small edit, and means nothing without the file, so that reading it takes the files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from ..errors import PatchSyntaxError, UnsupportedEditError
from .apply import File, Tree
from .diff import diff_files
from .model import FileEdit, Hunk, Kind, Patch, split_lines
from .paths import path_line

_ROW = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?([-+]?)(?: (.*))?", re.DOTALL)


@dataclass(slots=True)
class _Change:
    """Lines `first` to `last` make way for others; an addition has none, it follows `last`."""

    first: int
    last: int
    line: int
    texts: list[str] = field(default_factory=list)


def parse_numbered(text: str, tree: Tree, *, path: str | None = None) -> Patch:
    """Read numbered lines as the diff that they are to the files of `tree`.

    `path` is the file of rows that stand below no path. Raises PatchSyntaxError for numbers that
    the file does not have, or that are named twice.
    """
    changes: dict[str, list[_Change]] = {}
    for number, raw in enumerate(split_lines(text), 1):
        row = raw.rstrip("\r\n")
        match = _ROW.fullmatch(row)
        if match is None:
            path = path_line(row) or path
        elif path is None:
            raise PatchSyntaxError("a line without a file; write its path above it", line=number)
        else:
            _add(changes.setdefault(path, []), match, number)
    if not changes:
        raise PatchSyntaxError("no numbered line found", line=1)
    before = {name: _read(tree, name, rows[0].line) for name, rows in changes.items()}
    after = {
        name: File(_changed(before[name].text, rows), before[name].mode)
        for name, rows in changes.items()
    }
    return diff_files(before, after)


def looks_numbered(lines: list[str]) -> bool:
    """Whether a path is followed by a numbered line that changes something."""
    return any(
        path_line(above) and (match := _ROW.fullmatch(below)) and (match[3] or match[4])
        for above, below in pairwise(lines)
    )


def _add(rows: list[_Change], match: re.Match[str], number: int) -> None:
    first = int(match[1])
    last = int(match[2] or match[1])
    if last < first:
        raise PatchSyntaxError(f"lines {first} to {last} run backwards", line=number)
    if match[3] == "+":
        first = last + 1
    if match[3] == "-" and match[4]:
        raise PatchSyntaxError("a line that is taken away has no text", line=number)
    if not rows or (rows[-1].first, rows[-1].last) != (first, last):
        rows.append(_Change(first, last, number))
    if match[3] != "-":
        rows[-1].texts.append(match[4] or "")


def _read(tree: Tree, path: str, line: int) -> File:
    file = tree.read(path)
    if file is None:
        raise PatchSyntaxError(f"there is no file {path}", line=line)
    return file


def _changed(text: str, rows: list[_Change]) -> str:
    lines = split_lines(text)
    ended = not lines or lines[-1].endswith("\n")
    closing = _ending(lines[0]) or "\n" if lines else "\n"
    if not ended:
        lines[-1] += closing
    free = len(lines) + 1  # the lines from here on are spoken for
    for row in sorted(rows, key=lambda row: (row.first, row.last), reverse=True):
        if row.last > len(lines) or row.first < 1:
            raise PatchSyntaxError(f"the file has lines 1 to {len(lines)}", line=row.line)
        if row.last >= free:
            raise PatchSyntaxError("these lines are changed twice", line=row.line)
        near = lines[max(min(row.first, row.last) - 1, 0) :][:1]  # replaced, or added after
        newline = _ending(near[0]) if near else "\n"
        lines[row.first - 1 : row.last] = [each + newline for each in row.texts]
        free = row.first
    joined = "".join(lines)
    return joined if ended else joined.removesuffix(closing)


def render_numbered(patch: Patch) -> str:
    """Write a patch as numbered lines. Raises UnsupportedEditError for what they cannot say."""
    return "\n".join(f"{edit.path}\n{''.join(_rows(edit))}" for edit in patch.files)


def _rows(edit: FileEdit) -> list[str]:
    if edit.kind is not Kind.MODIFY or edit.mode is not None:
        raise UnsupportedEditError(f"{edit.path}: numbered lines change text, and nothing else")
    return [row for hunk in edit.hunks for row in _of_hunk(edit.path, hunk)]


def _of_hunk(path: str, hunk: Hunk) -> list[str]:
    if hunk.old_start is None:
        raise UnsupportedEditError(f"{path}: this hunk names no line; apply it and diff the result")
    at = hunk.old_start if hunk.old else hunk.old_start + 1
    rows: list[str] = []
    removed: list[str] = []
    added: list[str] = []
    for line in (*hunk.lines, None):
        if line is not None and line.mark == "-":
            removed.append(line.text)
        elif line is not None and line.mark == "+":
            added.append(line.text)
        else:
            rows += _run(path, at, removed, added)
            at += len(removed) + 1
            removed, added = [], []
    return rows


def _run(path: str, at: int, removed: list[str], added: list[str]) -> list[str]:
    """The rows of one run of changes that begins at a line."""
    if not removed and not added:
        return []
    if not _same_endings(removed, added):
        raise UnsupportedEditError(f"{path}: numbered lines cannot change how a line ends")
    last = at + len(removed) - 1
    span = str(at) if last == at else f"{at}-{last}"
    if not added:
        return [f"{span}-\n"]
    place = span if removed else f"{at - 1}+"
    plain = [text.removesuffix("\n").removesuffix("\r") for text in added]
    if any(text.endswith("\r") for text in plain):
        raise UnsupportedEditError(f"{path}: numbered lines cannot end in a carriage return")
    return [f"{place} {text}\n" for text in plain]


def _same_endings(removed: list[str], added: list[str]) -> bool:
    """Whether lines end alike before and after; the last may lack an ending in both."""
    inner = {_ending(text) for text in (*removed[:-1], *added[:-1])}
    last = {_ending(lines[-1]) for lines in (removed, added) if lines}
    bare = last == {""} and bool(removed) and bool(added)
    return len(last) == 1 and len(inner | (last - {""})) <= 1 and (bare or "" not in last)


def _ending(text: str) -> str:
    return "\r\n" if text.endswith("\r\n") else "\n" if text.endswith("\n") else ""
