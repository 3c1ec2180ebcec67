"""Diffs of rows: made, and applied to the byte. Thin words over `swarmcode_agent.edits`."""

from __future__ import annotations

from collections.abc import Mapping

from ..edits import File, FileEdit, Kind, Level, Patch, diff_texts, parse, plan, render
from ..errors import EditConflictError, EditError, PathError
from .config import EditFormat


class _Texts:
    """Files held in memory, as a patch reads them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def read(self, path: str) -> File | None:
        text = self._files.get(path)
        return None if text is None else File(text)


def apply_exactly(diff: str, files: Mapping[str, str]) -> dict[str, str | None] | str:
    """What a unified diff makes of the files, every hunk at its place; else why it does not apply.

    None stands for a file that the diff removes.
    """
    try:
        done = plan(parse(diff, "unified"), _Texts(files), most=Level.EXACT)
    except (EditConflictError, EditError, PathError) as error:
        return str(error).splitlines()[0]
    return {path: None if file is None else file.text for path, file in done.changes.items()}


def diff_of(path: str, before: str, after: str) -> str:
    """The unified diff between two texts of one file."""
    return render(Patch((FileEdit(path, hunks=diff_texts(before, after)),)), "unified")


def render_as(form: EditFormat, diff: str, files: Mapping[str, str]) -> str:
    """A row's diff in another format of an edit.

    Raises:
        UnsupportedEditError: the format cannot say it (a rename as search/replace blocks).
    """
    patch = parse(diff, "unified")
    if form != "whole":
        return render(patch, form)
    after = apply_exactly(diff, files)
    if isinstance(after, str):
        raise EditError(after)
    edits = [
        FileEdit(path, Kind.DELETE) if text is None else FileEdit(path, Kind.WRITE, content=text)
        for path, text in after.items()
    ]
    return render(Patch(tuple(edits)), "whole")
