"""Search/replace blocks: what stands there, and what shall stand there instead.

    src/config.py
    <<<<<<< SEARCH
    timeout = 10
    =======
    timeout = 30
    >>>>>>> REPLACE

A block names no line: the searched lines must be found once. An empty search creates the file.
Several blocks may follow one path, and fences around them are ignored.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ..errors import PatchSyntaxError, UnsupportedEditError
from .model import FileEdit, Hunk, Kind, Line, Patch, split_lines
from .paths import path_line
from .render import hunks_of_whole

_SEARCH = re.compile(r"<{5,9} ?SEARCH>?\s*$")
_DIVIDER = re.compile(r"={5,9}\s*$")
_REPLACE = re.compile(r">{5,9} ?REPLACE\s*$")


def parse_blocks(text: str) -> Patch:
    """Read search/replace blocks. Raises PatchSyntaxError where one is not complete."""
    lines = split_lines(text)
    order: list[str] = []
    hunks: dict[str, list[Hunk]] = {}
    created: dict[str, str] = {}
    at, path = 0, None
    while at < len(lines):
        if not _SEARCH.match(lines[at]):
            path = path_line(lines[at]) or path
            at += 1
            continue
        if path is None:
            raise PatchSyntaxError("a block without a file; write its path above it", line=at + 1)
        search, replacement, after = _block(lines, at)
        if path not in order:
            order.append(path)
        if search or path in hunks:
            hunks.setdefault(path, []).append(_hunk(search, replacement, line=at + 1))
        else:
            created[path] = created.get(path, "") + "".join(replacement)
        at = after
    if not order:
        raise PatchSyntaxError("no `<<<<<<< SEARCH` line found", line=1)
    return Patch(tuple(edit for path in order for edit in _edits(path, hunks, created)))


def _edits(path: str, hunks: dict[str, list[Hunk]], created: dict[str, str]) -> list[FileEdit]:
    edits = []
    if path in created:
        edits.append(FileEdit(path, Kind.CREATE, hunks_of_whole(created[path], "+")))
    if path in hunks:
        edits.append(FileEdit(path, Kind.MODIFY, tuple(hunks[path])))
    return edits


def _block(lines: list[str], start: int) -> tuple[list[str], list[str], int]:
    divider = _find(_DIVIDER, lines, start + 1)
    if divider is None:
        raise PatchSyntaxError("this block has no `=======` line", line=start + 1)
    end = _find(_REPLACE, lines, divider + 1)
    if end is None:
        raise PatchSyntaxError("this block has no `>>>>>>> REPLACE` line", line=start + 1)
    return lines[start + 1 : divider], lines[divider + 1 : end], end + 1


def _find(pattern: re.Pattern[str], lines: list[str], start: int) -> int | None:
    for at in range(start, len(lines)):
        if pattern.match(lines[at]):
            return at
        if _SEARCH.match(lines[at]):
            return None
    return None


def _hunk(search: list[str], replacement: list[str], *, line: int) -> Hunk:
    """State a block as kept, removed and added lines, so that what is kept keeps its form."""
    if not search:
        raise PatchSyntaxError(
            "an empty search in a file that other blocks edit; say which lines it follows",
            line=line,
        )
    lines: list[Line] = []
    matcher = SequenceMatcher(None, search, replacement, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            lines += [Line(" ", text) for text in search[i1:i2]]
        else:
            lines += [Line("-", text) for text in search[i1:i2]]
            lines += [Line("+", text) for text in replacement[j1:j2]]
    return Hunk(tuple(lines))


def render_blocks(patch: Patch) -> str:
    """Write a patch as blocks. Raises UnsupportedEditError for what they cannot say."""
    return "\n".join(block for edit in patch.files for block in _rendered(edit))


def _rendered(edit: FileEdit) -> list[str]:
    if edit.kind not in {Kind.MODIFY, Kind.CREATE}:
        raise UnsupportedEditError(f"{edit.path}: a search/replace block cannot {edit.kind.value}")
    if edit.kind is Kind.MODIFY and (edit.mode is not None or not all(h.old for h in edit.hunks)):
        raise UnsupportedEditError(f"{edit.path}: a search/replace block needs lines to search for")
    return [_one(edit.path, hunk) for hunk in edit.hunks or (Hunk(()),)]


def _one(path: str, hunk: Hunk) -> str:
    old, new = hunk.old, hunk.new
    for line in (*old, *new):
        if _SEARCH.match(line) or _DIVIDER.match(line) or _REPLACE.match(line):
            raise UnsupportedEditError(
                f"{path}: the line {line.rstrip()!r} would end a block early"
            )
        if not line.endswith("\n"):
            raise UnsupportedEditError(
                f"{path}: a block cannot say that a file ends without a newline"
            )
    return "".join(
        [f"{path}\n<<<<<<< SEARCH\n", *old, "=======\n", *new, ">>>>>>> REPLACE\n"],
    )
