"""The hunks of a unified diff: from lines to the model, leniently."""

from __future__ import annotations

import re
from typing import Protocol, cast

from ..errors import PatchSyntaxError
from .model import Hunk, Line, Mark

_HEADER = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)")
_BARE = re.compile(r"@@(?:[^@\n]*@@)?(.*)")
_NO_NEWLINE = re.compile(r"\\ .{9}")


class Reader(Protocol):
    """The lines of a patch, how far they are read, and what was odd about them."""

    lines: list[str]
    at: int
    notes: list[str]


def parse_hunks(reader: Reader) -> tuple[Hunk, ...]:
    """Read every hunk from where the reader is; leave it after the last one."""
    hunks = []
    while reader.at < len(reader.lines) and reader.lines[reader.at].startswith("@@"):
        hunks.append(_parse_hunk(reader))
    return tuple(hunks)


def _parse_hunk(reader: Reader) -> Hunk:
    number, header = reader.at + 1, reader.lines[reader.at].rstrip("\r\n")
    reader.at += 1
    counted = _HEADER.match(header)
    if counted:
        old_start, old_count, new_start, new_count, section = counted.groups()
        body = _by_counts(reader, int(old_count or 1), int(new_count or 1))
        if body is not None:
            _note_strays(reader, number)
        else:
            body = _by_marks(reader)
        hunk = Hunk(tuple(body), int(old_start), int(new_start), section.removeprefix(" "))
    else:
        bare = cast("re.Match[str]", _BARE.match(header))
        hunk = Hunk(tuple(_by_marks(reader)), section=bare[1].removeprefix(" "))
    if not hunk.lines:
        raise PatchSyntaxError("this hunk has no lines", line=number)
    return hunk


def _by_counts(reader: Reader, old: int, new: int) -> list[Line] | None:
    """Read as many lines as the header says, or None where they are not there."""
    body: list[Line] = []
    at = reader.at
    while old > 0 or new > 0:
        line = reader.lines[at] if at < len(reader.lines) else ""
        if _NO_NEWLINE.match(line) and body:
            body[-1] = _without_newline(body[-1])
        elif (read := _line(line)) is None or not line.endswith("\n"):
            return None
        else:
            body.append(read)
            old -= read.mark != "+"
            new -= read.mark != "-"
        at += 1
    if old or new:
        return None
    if body and at < len(reader.lines) and _NO_NEWLINE.match(reader.lines[at]):
        body[-1] = _without_newline(body[-1])
        at += 1
    reader.at = at
    return body


def _by_marks(reader: Reader) -> list[Line]:
    """Read as long as the lines look like a hunk's; blank lines at its end are not part of it."""
    body: list[Line] = []
    while reader.at < len(reader.lines) and not _starts_something(reader):
        line = reader.lines[reader.at]
        if line.startswith("\\") and body:
            body[-1] = _without_newline(body[-1])
        elif (read := _line(line)) is None:
            break
        else:
            body.append(_ended(read))
        reader.at += 1
    blanks = 0
    while blanks < len(body) and not reader.lines[reader.at - 1 - blanks].strip("\r\n"):
        blanks += 1
    return body[: len(body) - blanks]


def _starts_something(reader: Reader) -> bool:
    line = reader.lines[reader.at]
    following = reader.lines[reader.at + 1] if reader.at + 1 < len(reader.lines) else ""
    return line.startswith(("diff --git ", "@@", "```")) or (
        line.startswith("--- ") and following.startswith("+++ ")
    )


def _line(line: str) -> Line | None:
    if line in {"\n", "\r\n"}:
        return Line(" ", line)
    if line[:1] in {" ", "-", "+"}:
        return Line(cast("Mark", line[0]), line[1:])
    return None


def _ended(line: Line) -> Line:
    return line if line.text.endswith("\n") else Line(line.mark, line.text + "\n")


def _without_newline(line: Line) -> Line:
    return Line(line.mark, line.text.removesuffix("\n"))


def _note_strays(reader: Reader, number: int) -> None:
    """Say so when lines follow that look like the hunk's and that its counts leave out.

    git drops them without a word; so must we, to give what git gives, but not silently.
    """
    at = reader.at
    while at < len(reader.lines) and reader.lines[at][:1] in {" ", "-", "+"}:
        if reader.lines[at].startswith(("--- ", "-- ")):
            break
        at += 1
    if strays := at - reader.at:
        reader.notes.append(
            f"line {number} of the patch: the counts of this hunk leave out the {strays} "
            "line(s) after it; they were not applied"
        )
