"""The one model of an edit, whatever format it was written in.

Text is `str` with every line's ending kept. Files that are not UTF-8 are read and written with
`surrogateescape`, which loses no byte, so the same model serves any text file.

A further format only has to produce this model: one that names line numbers, for example, reads
the lines it replaces from the file and states them as an ordinary `Hunk`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Literal, NamedTuple, TypeAlias

Mark: TypeAlias = Literal[" ", "-", "+"]

REGULAR = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000


class Level(IntEnum):
    """How far a hunk had to be bent to fit, from not at all to a lot."""

    EXACT = 0  # where it said, to the byte
    MOVED = 1  # to the byte, elsewhere in the file
    WHITESPACE = 2  # same text, other indentation, spacing or line endings
    FUZZY = 3  # most of its lines, in one place that is clearly the best


class Kind(Enum):
    """What happens to a file."""

    MODIFY = "modify"
    CREATE = "create"
    DELETE = "delete"
    RENAME = "rename"
    COPY = "copy"
    WRITE = "write"  # whatever stood there, now it is this


class Line(NamedTuple):
    """One line of a hunk: kept, removed or added."""

    mark: Mark
    text: str  # with its ending; without one only at the end of a file


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines to find (kept and removed) and what stands there afterwards (kept and added).

    Without `old_start` the lines say alone where they are, and must be found once.
    """

    lines: tuple[Line, ...]
    old_start: int | None = None
    new_start: int | None = None
    section: str = ""

    @property
    def old(self) -> list[str]:
        """The lines that must be there."""
        return [line.text for line in self.lines if line.mark != "+"]

    @property
    def new(self) -> list[str]:
        """The lines that are there afterwards."""
        return [line.text for line in self.lines if line.mark != "-"]

    @property
    def kept_after(self) -> int:
        """How many kept lines follow the last change."""
        count = 0
        for line in reversed(self.lines):
            if line.mark != " ":
                break
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What happens to one file.

    `path` is where the file is afterwards (before, for a deletion) and `source` where a renamed
    or copied one was. `spellings` are further readings of a path whose prefix is unclear, used
    when `path` is not there.
    """

    path: str
    kind: Kind = Kind.MODIFY
    hunks: tuple[Hunk, ...] = ()
    source: str | None = None
    mode: int | None = None
    content: str | None = None  # for Kind.WRITE
    spellings: tuple[str, ...] = ()

    @property
    def reads(self) -> str:
        """The path whose text the hunks are about."""
        return self.source if self.source is not None else self.path


@dataclass(frozen=True, slots=True)
class Patch:
    """An edit: what happens to some files, all of it or none of it."""

    files: tuple[FileEdit, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)  # what a reader should know

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that the patch names, once, in its order."""
        named = (path for edit in self.files for path in (edit.reads, edit.path))
        return tuple(dict.fromkeys(named))


def split_lines(text: str) -> list[str]:
    """Split at line feeds alone and keep them: a form feed or a lone CR is text.

    `str.splitlines` knows eleven line endings, diffs know one.
    """
    lines = text.split("\n")
    last = lines.pop()
    ended = [line + "\n" for line in lines]
    return [*ended, last] if last else ended
