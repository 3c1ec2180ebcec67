"""From two states of some files to the patch between them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher

from .apply import File
from .model import SYMLINK, FileEdit, Hunk, Kind, Line, Patch, split_lines
from .render import hunks_of_whole


def diff_files(before: Mapping[str, File], after: Mapping[str, File], *, context: int = 3) -> Patch:
    """Return the patch that makes `after` of `before`, files in the order of their names.

    A file that moved unchanged is a rename; one that moved and changed is a new and a lost one.
    """
    gone = {path: before[path] for path in sorted(before.keys() - after.keys())}
    come = {path: after[path] for path in sorted(after.keys() - before.keys())}
    edits = [*_renames(gone, come)]
    edits += [_deleted(path, file) for path, file in gone.items()]
    edits += [_created(path, file) for path, file in come.items()]
    for path in sorted(before.keys() & after.keys()):
        edits += _changed(path, before[path], after[path], context)
    return Patch(tuple(sorted(edits, key=lambda edit: edit.path)))


def _renames(gone: dict[str, File], come: dict[str, File]) -> list[FileEdit]:
    found = []
    for path, file in list(come.items()):
        source = next((old for old, lost in gone.items() if file.text and lost == file), None)
        if source is not None:
            found.append(FileEdit(path, Kind.RENAME, source=source))
            del gone[source], come[path]
    return found


def _deleted(path: str, file: File) -> FileEdit:
    return FileEdit(path, Kind.DELETE, hunks_of_whole(file.text, "-"), mode=file.mode)


def _created(path: str, file: File) -> FileEdit:
    return FileEdit(path, Kind.CREATE, hunks_of_whole(file.text, "+"), mode=file.mode)


def _changed(path: str, before: File, after: File, context: int) -> list[FileEdit]:
    if before == after:
        return []
    if SYMLINK in {before.mode, after.mode} and before.mode != after.mode:
        return [_deleted(path, before), _created(path, after)]
    mode = after.mode if after.mode != before.mode else None
    return [FileEdit(path, hunks=diff_texts(before.text, after.text, context=context), mode=mode)]


def diff_texts(before: str, after: str, *, context: int = 3) -> tuple[Hunk, ...]:
    """Return the hunks between two texts."""
    old, new = split_lines(before), split_lines(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    skip = max(head - context, 0)
    spare = max(tail - context, 0)
    middle_old, middle_new = old[skip : len(old) - spare], new[skip : len(new) - spare]
    matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=len(middle_old) > 5000)
    return tuple(
        _hunk(group, middle_old, middle_new, skip)
        for group in matcher.get_grouped_opcodes(context)
        if any(tag != "equal" for tag, *_ in group)
    )


def _common(one: list[str], other: list[str]) -> int:
    """Return how many lines two lists share at their beginning."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared


def _hunk(
    group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str], skip: int
) -> Hunk:
    lines: list[Line] = []
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            lines += [Line(" ", text) for text in old[i1:i2]]
        else:
            lines += [Line("-", text) for text in old[i1:i2]]
            lines += [Line("+", text) for text in new[j1:j2]]
    old_first, old_last = group[0][1], group[-1][2]
    new_first, new_last = group[0][3], group[-1][4]
    return Hunk(
        tuple(lines),
        old_start=skip + old_first + (old_last > old_first),
        new_start=skip + new_first + (new_last > new_first),
    )
