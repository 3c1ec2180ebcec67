"""A row becomes a conversation: what the model is asked, and the answer it should learn.

The wording is in the text files beside this module. Training and evaluation build their
prompts here, and nowhere else: a model is asked as it was taught.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from .rows import AnyRow, ChatRow, Message, Row


@dataclass(frozen=True, slots=True)
class Conversation:
    """A prompt and its answer."""

    prompt: tuple[Message, ...]
    answer: str


def conversation(row: AnyRow, *, context_files: int | None = None) -> Conversation:
    """Word a row as a conversation.

    Args:
        row: what is asked and answered.
        context_files: how many of its context files to show; None shows them all.
    """
    if isinstance(row, ChatRow):
        return Conversation(prompt=row.messages[:-1], answer=row.messages[-1].content)
    return Conversation(prompt=ask(row, context_files=context_files), answer=answer(row.diff))


def ask(row: Row, *, context_files: int | None = None) -> tuple[Message, ...]:
    """Word the question of a row, without its answer."""
    shown = row.context_files if context_files is None else row.context_files[:context_files]
    content = _template("user").substitute(
        task=row.task.strip(),
        files="".join(
            _template("file").substitute(path=file.path, content=file.content.rstrip("\n"))
            for file in shown
        ),
        tests=_template("tests").substitute(command=row.tests_command) if row.tests_command else "",
    )
    return (
        Message("system", _template("system").template.strip()),
        Message("user", content.strip()),
    )


def answer(diff: str) -> str:
    """Word a diff as the answer."""
    return _template("answer").substitute(diff=diff.rstrip("\n")).strip()


def as_dicts(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return messages in the form that chat templates and OpenAI-compatible servers take."""
    return [{"role": message.role, "content": message.content} for message in messages]


@cache
def _template(name: str) -> Template:
    text = files(__package__).joinpath("prompts", f"{name}.txt").read_text(encoding="utf-8")
    return Template(text)
