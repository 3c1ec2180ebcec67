"""Taking the answer out of the question: code of the solution quoted in the task.

A name that the task must mention (a new option, a new function) stays: without it nobody could
pass the tests. A line of the solution, quoted or paraphrased by nothing but whitespace, goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPAN = re.compile(r"```.*?```|~~~.*?~~~", re.DOTALL)
_CODE = re.compile(r"[=(\[{<>]|->|::")
_SHORTEST = 12


def without_leaks(task: str, added: Iterable[str]) -> str | None:
    """The task without sentences that quote an added line; None when its title does.

    Args:
        task: the cleaned message.
        added: the lines that the solution adds, without their `+`.
    """
    answers = {_bare(line) for line in added if _CODE.search(line)}
    answers = {answer for answer in answers if len(answer) >= _SHORTEST}
    title, *rest = _SPAN.sub(lambda span: _kept_span(span.group(0), answers), task).split("\n\n")
    if _leaks(title, answers):
        return None
    kept = (_kept_sentences(paragraph, answers) for paragraph in rest)
    return "\n\n".join((title, *(paragraph for paragraph in kept if paragraph)))


def _bare(text: str) -> str:
    return re.sub(r"\s+|[`]", "", text).rstrip(",:;.")


def _leaks(text: str, answers: set[str]) -> bool:
    bare = _bare(text)
    return any(answer in bare for answer in answers)


def _kept_span(block: str, answers: set[str]) -> str:
    return "" if _leaks(block, answers) else block


def _kept_sentences(paragraph: str, answers: set[str]) -> str:
    if not _leaks(paragraph, answers):
        return paragraph
    pieces = re.split(r"(?<=[.!?])\s+|\n", paragraph)
    return " ".join(piece for piece in pieces if piece and not _leaks(piece, answers))
