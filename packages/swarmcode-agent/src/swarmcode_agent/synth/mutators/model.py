"""What a planted bug is: a few byte-exact changes of one file, and their inverse.

A mutant is text, not a tree: it names the bytes that go and the bytes that come, so nothing
outside the change can move (no reformatting, no lost comment), and undoing it is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextChange:
    """Bytes `start` to `end` of a source, what stood there and what stands there after."""

    start: int
    end: int
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug: which mutator made it, where, and how to make and unmake it."""

    mutator: str
    line: int
    function: str
    changes: tuple[TextChange, ...]

    def apply(self, source: str) -> str:
        """Return `source` with the bug in it.

        Raises:
            ValueError: `source` does not hold what the mutant was made to change.
        """
        return _splice(source, self.changes)

    def revert(self, mutated: str) -> str:
        """Return the text that `apply` was given, from what it returned."""
        return _splice(mutated, self._inverse())

    def _inverse(self) -> tuple[TextChange, ...]:
        shift = 0
        inverse = []
        for change in self.changes:
            start = change.start + shift
            inverse.append(
                TextChange(start, start + len(change.after), change.after, change.before)
            )
            shift += len(change.after) - len(change.before)
        return tuple(inverse)

    def one_line(self, source: str) -> tuple[int, str] | None:
        """The number of the faulty line and its right text, when undoing it takes one line.

        None when the bug added, removed or touched more lines than one.
        """
        right, wrong = source.split("\n"), self.apply(source).split("\n")
        if len(right) != len(wrong):
            return None
        different = [n for n, (a, b) in enumerate(zip(right, wrong, strict=True)) if a != b]
        return (different[0] + 1, right[different[0]]) if len(different) == 1 else None


def _splice(source: str, changes: Sequence[TextChange]) -> str:
    raw = source.encode()
    parts: list[bytes] = []
    at = 0
    for change in changes:
        if change.end > len(raw) or raw[change.start : change.end] != change.before:
            raise ValueError(
                f"byte {change.start} of the source does not hold {change.before!r}: "
                "this is not the text that the mutant was made from"
            )
        parts += (raw[at : change.start], change.after)
        at = change.end
    return b"".join((*parts, raw[at:])).decode()
