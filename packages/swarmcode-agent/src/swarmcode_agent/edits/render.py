"""Unified diffs: from the model to the text that git reads."""

from __future__ import annotations

from ..errors import UnsupportedEditError
from .model import EXECUTABLE, REGULAR, FileEdit, Hunk, Kind, Line, Patch, split_lines
from .names import DEV_NULL, quote


def render_unified(patch: Patch) -> str:
    """Write a patch as a unified diff that `git apply` and `parse_unified` read."""
    return "".join(_file(edit) for edit in patch.files)


def _file(edit: FileEdit) -> str:
    if edit.kind is Kind.WRITE:
        raise UnsupportedEditError(
            f"{edit.path}: a whole file is not a diff; compare it with what is there "
            "(`diff_files`) and render that"
        )
    old, new = quote(f"a/{edit.reads}"), quote(f"b/{edit.path}")
    lines = [f"diff --git {old} {new}", *_extended(edit)]
    if edit.hunks:
        before = DEV_NULL if edit.kind is Kind.CREATE else _dated(old)
        after = DEV_NULL if edit.kind is Kind.DELETE else _dated(new)
        lines += [f"--- {before}", f"+++ {after}"]
    return "\n".join(lines) + "\n" + "".join(_hunk(edit, hunk) for hunk in edit.hunks)


def _dated(name: str) -> str:
    """Close a name that has a space with a tab, as git does, so that it is not read as a date."""
    return name + "\t" if " " in name and not name.startswith('"') else name


def _extended(edit: FileEdit) -> list[str]:
    if edit.kind is Kind.CREATE:
        return [f"new file mode {edit.mode or REGULAR:o}"]
    if edit.kind is Kind.DELETE:
        return [f"deleted file mode {edit.mode or REGULAR:o}"]
    lines = []
    if edit.mode is not None:
        before = REGULAR if edit.mode == EXECUTABLE else EXECUTABLE
        lines += [f"old mode {before:o}", f"new mode {edit.mode:o}"]
    if edit.kind in {Kind.RENAME, Kind.COPY}:
        word = edit.kind.value
        lines += [f"{word} from {quote(edit.reads)}", f"{word} to {quote(edit.path)}"]
    return lines


def _hunk(edit: FileEdit, hunk: Hunk) -> str:
    if hunk.old_start is None or hunk.new_start is None:
        raise UnsupportedEditError(
            f"{edit.path}: this hunk names no line, as a diff must; apply it and diff the result"
        )
    old, new = len(hunk.old), len(hunk.new)
    span = f"@@ -{_range(hunk.old_start, old)} +{_range(hunk.new_start, new)} @@"
    header = f"{span} {hunk.section}" if hunk.section else span
    return header + "\n" + "".join(map(_line, hunk.lines))


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _line(line: Line) -> str:
    ended = line.text.endswith("\n")
    return line.mark + line.text + ("" if ended else "\n\\ No newline at end of file\n")


def hunks_of_whole(text: str, mark: str) -> tuple[Hunk, ...]:
    """Return the hunk that adds (`+`) or removes (`-`) a whole text."""
    lines = split_lines(text)
    if not lines:
        return ()
    if mark == "+":
        return (Hunk(tuple(Line("+", line) for line in lines), 0, 1),)
    return (Hunk(tuple(Line("-", line) for line in lines), 1, 0),)
