"""Unified diffs: from text to the model.

Reads what git writes (renames, modes, quoted names, no newline at the end), what `diff -u` writes,
and what models write: prose and fences around it, wrong line counts, `@@` without numbers, blank
context lines that lost their space. Where the counts of a hunk hold they decide, as in git; where
they do not, the marks at the start of the lines do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..errors import PatchSyntaxError, UnsupportedEditError
from .hunks import parse_hunks
from .model import REGULAR, FileEdit, Hunk, Kind, Patch, split_lines
from .names import DEV_NULL, git_pair, header_name, strip_one, strip_prefixes, unquote

_MODE = re.compile(r"(\d{6})")
_SUPPORTED = {0o100, 0o120}  # a regular file, a symbolic link


@dataclass(slots=True)
class _Header:
    """What the lines before the hunks of one file say."""

    line: int
    old: str | None = None
    new: str | None = None
    kind: Kind | None = None
    old_mode: int | None = None
    new_mode: int | None = None
    source: str | None = None
    target: str | None = None


def parse_unified(text: str) -> Patch:
    """Read a unified diff. Raises PatchSyntaxError where it is none, and where it breaks."""
    reader = _Reader(split_lines(text))
    files = []
    while (header := reader.next_header()) is not None:
        hunks = parse_hunks(reader)
        files.append(_file_edit(header, hunks))
    if not files:
        raise PatchSyntaxError(
            "no file header found; a unified diff has `--- a/path` and `+++ b/path` "
            "before its first `@@` line",
            line=1,
        )
    return Patch(tuple(files), tuple(reader.notes))


class _Reader:
    """The lines of a patch and how far they are read."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.notes: list[str] = []

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.lines[index] if index < len(self.lines) else ""

    def next_header(self) -> _Header | None:
        """Skip to the next file header and read it; None at the end."""
        while self.at < len(self.lines):
            line = self.peek()
            if line.startswith("diff --git "):
                header = self._git_header()
                if self.at > header.line:  # a `diff --git` line alone says nothing, as in git
                    return header
                continue
            if self._names_ahead():
                header = _Header(self.at + 1)
                self._read_names(header)
                return header
            if line.startswith("@@ -"):
                raise PatchSyntaxError(
                    "a hunk without a file; write `--- a/path` and `+++ b/path` before it",
                    line=self.at + 1,
                )
            self.at += 1
        return None

    def _names_ahead(self) -> bool:
        return (
            self.peek().startswith("--- ")
            and self.peek(1).startswith("+++ ")
            and self.peek(2).startswith("@@")
        )

    def _git_header(self) -> _Header:
        header = _Header(self.at + 1)
        pair = git_pair(self.peek()[len("diff --git ") :], line=header.line)
        if pair is not None:
            header.old, header.new = pair
        self.at += 1
        while self.at < len(self.lines) and self._git_line(header):
            self.at += 1
        return header

    def _git_line(self, header: _Header) -> bool:
        """Take one extended header line; False where the headers end."""
        line, number = self.peek().rstrip("\r\n"), self.at + 1
        word, _, rest = line.partition(" ")
        if line.startswith(("old mode ", "new mode ", "deleted file mode ", "new file mode ")):
            _set_mode(header, line, number)
        elif line.startswith(("rename from ", "rename old ", "copy from ")):
            header.kind = Kind.RENAME if word == "rename" else Kind.COPY
            header.source = _plain_name(rest.partition(" ")[2], number)
        elif line.startswith(("rename to ", "rename new ", "copy to ")):
            header.target = _plain_name(rest.partition(" ")[2], number)
        elif word == "---" and rest:
            header.old = header_name(self.peek()[4:], line=number)[0]
        elif word == "+++" and rest:
            header.new = header_name(self.peek()[4:], line=number)[0]
        elif line.startswith(("GIT binary patch", "Binary files ")):
            raise UnsupportedEditError(
                f"line {number} of the patch: binary changes of {header.new or header.old!r} "
                "cannot be applied; write the file with a command instead"
            )
        else:
            return line.startswith(("index ", "similarity index ", "dissimilarity index "))
        return True

    def _read_names(self, header: _Header) -> None:
        old, old_epoch = header_name(self.peek()[4:], line=self.at + 1)
        new, new_epoch = header_name(self.peek(1)[4:], line=self.at + 2)
        hunk = self.peek(2)
        if old_epoch and re.match(r"@@ -0,0 ", hunk):
            old = DEV_NULL
        if new_epoch and re.match(r"@@ -\S+ \+0,0 ", hunk):
            new = DEV_NULL
        header.old, header.new = old, new
        self.at += 2


def _plain_name(text: str, line: int) -> str:
    return unquote(text, line=line)[0] if text.startswith('"') else text


def _set_mode(header: _Header, line: str, number: int) -> None:
    found = _MODE.search(line)
    if found is None:
        raise PatchSyntaxError(f"{line!r} has no file mode such as 100644", line=number)
    mode = int(found[1], 8)
    if mode >> 9 not in _SUPPORTED:
        raise UnsupportedEditError(
            f"line {number} of the patch: mode {found[1]} is neither a file nor a symbolic link"
        )
    if line.startswith("old"):
        header.old_mode = mode
    else:
        header.new_mode = None if line.startswith("deleted") else mode
    if line.startswith("deleted"):
        header.kind, header.old_mode = Kind.DELETE, mode
    elif line.startswith("new file"):
        header.kind = Kind.CREATE


def _file_edit(header: _Header, hunks: tuple[Hunk, ...]) -> FileEdit:
    if header.source is not None and header.target is not None:
        return FileEdit(
            path=header.target,
            kind=header.kind or Kind.RENAME,
            hunks=hunks,
            source=header.source,
            mode=header.new_mode,
        )
    if header.old is None or header.new is None:
        raise PatchSyntaxError(
            "the names in this `diff --git` line cannot be told apart; "
            "follow it with `--- a/path` and `+++ b/path`",
            line=header.line,
        )
    edit = _named(header, header.old, header.new, hunks)
    if not hunks and edit.kind is Kind.MODIFY and edit.mode is None:
        raise PatchSyntaxError(f"{edit.path!r} has a header and no hunks", line=header.line)
    return edit


def _named(header: _Header, full_old: str, full_new: str, hunks: tuple[Hunk, ...]) -> FileEdit:
    old, new = strip_prefixes(full_old, full_new)
    kind = header.kind or _kind_of(full_old, full_new, line=header.line)
    if kind is Kind.DELETE:
        path, full = (new, full_new) if old == DEV_NULL else (old, full_old)
        return FileEdit(path, kind, hunks, spellings=_others(path, full))
    path, full = (old, full_old) if new == DEV_NULL else (new, full_new)
    if kind is Kind.CREATE:
        return FileEdit(path, kind, hunks, mode=header.new_mode or REGULAR)
    edit = FileEdit(path, kind, hunks, mode=header.new_mode, spellings=_others(path, full))
    if old in {new, DEV_NULL}:
        return edit
    # Without rename lines the names differ only as `file.orig` and `file` do: one file is meant.
    return replace(edit, spellings=tuple(dict.fromkeys((*edit.spellings, old))))


def _others(path: str, full: str) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys((full, strip_one(full))) if name != path)


def _kind_of(old: str, new: str, *, line: int) -> Kind:
    if old == DEV_NULL and new == DEV_NULL:
        raise PatchSyntaxError("both names are /dev/null; one must be a path", line=line)
    if old == DEV_NULL:
        return Kind.CREATE
    return Kind.DELETE if new == DEV_NULL else Kind.MODIFY
