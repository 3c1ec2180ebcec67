"""Train and eval, kept apart: by time first, then by function, text and answer.

Eval takes the newest commits. A training row then goes when it changes a function that an eval
row changes, nearly repeats an eval row's change, or shows in its context a function as an eval
row leaves it (its context would give the answer away). Training rows go, never eval ones: there
are more of them, and an eval that shrinks with its training set measures nothing.

Planted bugs have one date. Eval takes them file by file: first from files that its commits
touch, whose other bugs could not be trained on anyway, then by a draw from the seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .candidates import changed_lines
from .functions import shape_of
from .hygiene import NearDuplicates
from .patches import apply_exactly
from .rows import ContextFile, Row


@dataclass(frozen=True, slots=True)
class Split:
    """Both sides, and why training rows were taken out, by the row's id."""

    train: tuple[Row, ...]
    evaluation: tuple[Row, ...]
    removed: tuple[tuple[Row, str], ...]


def split_rows(rows: Sequence[Row], *, fraction: float, threshold: float, seed: int) -> Split:
    """Divide rows.

    Args:
        rows: every row.
        fraction: the share of rows that goes to eval.
        threshold: the similarity from which two changes are near-duplicates.
        seed: decides which files' planted bugs go to eval.
    """
    evaluation = _chosen(rows, fraction, seed)
    chosen = {row.id for row in evaluation}
    guard = _Guard(evaluation, threshold)
    train, removed = [], []
    for row in rows:
        if row.id not in chosen:
            judged = guard.judged(row)
            if isinstance(judged, Row):
                train.append(judged)
            else:
                removed.append((row, judged))
    return Split(
        tuple(_marked(row, "train") for row in train),
        tuple(_marked(row, "eval") for row in evaluation),
        tuple(removed),
    )


def _marked(row: Row, side: str) -> Row:
    return replace(row, metadata=replace(row.metadata, split=side))


def _chosen(rows: Sequence[Row], fraction: float, seed: int) -> list[Row]:
    """The rows of the eval side, oldest first."""
    mined = sorted(
        (row for row in rows if row.metadata.source == "git_diff"),
        key=lambda row: (row.metadata.date, row.id),
    )
    planted = [row for row in rows if row.metadata.source == "synthetic"]
    newest = mined[len(mined) - round(len(mined) * fraction) :]
    near = {path for row in newest for path in _files(row)}

    def order(row: Row) -> tuple[bool, bytes, str]:
        path = min(_files(row), default="")
        drawn = hashlib.sha256(f"{seed}\0{path}".encode()).digest()
        return path not in near, drawn, row.id

    return [*newest, *sorted(planted, key=order)[: round(len(planted) * fraction)]]


def _files(row: Row) -> set[str]:
    return {name.partition("::")[0] for name in row.metadata.functions}


class _Guard:
    """Knows what the eval side must not share."""

    def __init__(self, rows: Sequence[Row], threshold: float) -> None:
        self._functions = {name for row in rows for name in row.metadata.functions}
        self._answers = {code for row in rows for code in answers_of(row)}
        self._near = NearDuplicates(threshold)
        for row in rows:
            self._near.add(row.id, change_text(row))

    def judged(self, row: Row) -> Row | str:
        """The row as it may be trained on beside this eval side, or why it may not.

        A file that is shown for orientation alone is taken out when it holds an answer; one
        that the row changes cannot be.
        """
        if self._functions.intersection(row.metadata.functions):
            return "split: changes a function that eval changes"
        if next(self._near.like(change_text(row)), None) is not None:
            return "split: nearly repeats an eval row"
        telling = {file.path for file in row.context_files if self._tells(file)}
        if not telling:
            return row
        if telling & changed_paths(row):
            return "split: shows an eval answer in a file it changes"
        kept = tuple(file for file in row.context_files if file.path not in telling)
        return replace(row, context_files=kept)

    def _tells(self, file: ContextFile) -> bool:
        shape = shape_of(file.path, file.content)
        return shape is not None and not self._answers.isdisjoint(shape.functions.values())


def changed_paths(row: Row) -> frozenset[str]:
    """The files that a row's diff touches."""
    after = apply_exactly(row.diff, {file.path: file.content for file in row.context_files})
    return frozenset(after) if isinstance(after, dict) else frozenset()


def answers_of(row: Row) -> frozenset[str]:
    """The digests of the functions that a row changes, as its solution leaves them.

    Small functions are left out: `def close(self): pass` gives no answer away.
    """
    files = {file.path: file.content for file in row.context_files}
    after = apply_exactly(row.diff, files)
    found: set[str] = set()
    for path, text in after.items() if isinstance(after, dict) else ():
        old, new = shape_of(path, files.get(path)), shape_of(path, text)
        if old is not None and new is not None:
            found.update(
                code
                for name, code in new.functions.items()
                if name not in new.small and old.functions.get(name) != code
            )
    return frozenset(found)


def change_text(row: Row) -> str:
    """What a row changes, for comparing: the added and removed lines."""
    return "\n".join(changed_lines(row.diff))
