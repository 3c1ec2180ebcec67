"""A row as a conversation to train on; the words around it are text files beside this one."""

from __future__ import annotations

import json
from importlib.resources import files
from string import Template

from ..config import EditFormat
from ..patches import render_as
from ..rows import Row

_NAMES: dict[EditFormat, str] = {
    "unified": "a unified diff",
    "blocks": "search/replace blocks",
    "whole": "the whole new text of every file that changes",
}


def prompt(name: str) -> str:
    """A prompt file by its name."""
    return files(__package__).joinpath("prompts", f"{name}.txt").read_text("utf-8")


def chat_row(row: Row, *, edit_format: EditFormat = "unified") -> str:
    """One line of JSON: system, user and assistant, with the row's id and side.

    Raises:
        UnsupportedEditError: the edit format cannot say this row's diff.
    """
    shown = {file.path: file.content for file in row.context_files}
    fence = _fence("".join(shown.values()))
    listing = "\n\n".join(
        f"{path}\n{fence}\n{text.removesuffix(chr(10))}\n{fence}" for path, text in shown.items()
    )
    values = {"task": row.task, "files": listing, "format": _NAMES[edit_format]}
    messages = [
        {"role": "system", "content": prompt("system").strip()},
        {"role": "user", "content": Template(prompt("user")).substitute(values).strip()},
        {"role": "assistant", "content": render_as(edit_format, row.diff, shown)},
    ]
    about = {"id": row.id, "split": row.metadata.split, "edit_format": edit_format}
    return json.dumps({"messages": messages, **about}, ensure_ascii=False, sort_keys=True)


def _fence(text: str) -> str:
    """A fence that the text does not hold."""
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return ticks
