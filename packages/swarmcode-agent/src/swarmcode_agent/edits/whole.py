"""Whole files: a path, then the file's new content in a fence.

    src/config.py
    ```python
    timeout = 30
    ```

The fence may be longer than three backticks, so that content may hold fences. A file that ends
without a newline is followed by `\\ No newline at end of file`, as in a diff.
"""

from __future__ import annotations

import re

from ..errors import PatchSyntaxError, UnsupportedEditError
from .model import FileEdit, Kind, Patch, split_lines
from .paths import path_line

_FENCE = re.compile(r"^(?P<ticks>`{3,}|~{3,})[^`]*$")
_NO_NEWLINE = "\\ No newline at end of file"


def parse_whole(text: str) -> Patch:
    """Read whole files. Raises PatchSyntaxError where a fence is not closed."""
    lines = split_lines(text)
    files: dict[str, FileEdit] = {}
    at, path = 0, None
    while at < len(lines):
        fence = _FENCE.match(lines[at].rstrip("\r\n"))
        path = path_line(lines[at]) or (path if fence or not lines[at].strip() else None)
        at += 1
        if fence is None:
            continue
        end = _closing(lines, at, fence["ticks"])
        if path is not None:
            content, after = _content(lines, at, end)
            files[path] = FileEdit(path, Kind.WRITE, content=content)
            end = after
        at, path = end + 1, None
    if not files:
        raise PatchSyntaxError("no file found; write its path, then its content in a fence", line=1)
    return Patch(tuple(files.values()))


def _closing(lines: list[str], start: int, ticks: str) -> int:
    for at in range(start, len(lines)):
        line = lines[at].rstrip()
        if set(line) == {ticks[0]} and len(line) >= len(ticks):
            return at
    raise PatchSyntaxError("this fence is not closed, so the file may be cut short", line=start)


def _content(lines: list[str], start: int, end: int) -> tuple[str, int]:
    content = "".join(lines[start:end])
    if end + 1 < len(lines) and lines[end + 1].rstrip("\r\n") == _NO_NEWLINE:
        return content.removesuffix("\n"), end + 1
    return content, end


def render_whole(patch: Patch) -> str:
    """Write whole files. Raises UnsupportedEditError for edits that are not whole."""
    return "\n".join(map(_file, patch.files))


def _file(edit: FileEdit) -> str:
    if edit.kind is Kind.CREATE and not edit.hunks:
        content = ""
    elif edit.kind is Kind.CREATE:
        content = "".join(edit.hunks[0].new)
    elif edit.kind is Kind.WRITE and edit.content is not None:
        content = edit.content
    else:
        raise UnsupportedEditError(f"{edit.path}: the whole-file format cannot {edit.kind.value}")
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    ended = not content or content.endswith("\n")
    tail = "" if ended else f"{_NO_NEWLINE}\n"
    return f"{edit.path}\n{fence}\n{content}{'' if ended else chr(10)}{fence}\n{tail}"
