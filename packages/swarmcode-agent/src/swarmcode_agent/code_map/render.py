"""A ranking as text that fits a token budget.

The budget is a promise: whatever the tokenizer does, the text that comes back was counted whole,
with that tokenizer, and is within it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .outline import OutlineLine
from .ranking import RankedFile
from .tokens import TokenCounter

# Each further line of a file counts this much less than the one before it, so that a budget
# shows many files rather than all of one.
_NEXT_LINE = 0.6
_LEAST_TOKENS_A_LINE = 4


@dataclass(frozen=True, slots=True)
class RenderedMap:
    """A map as text.

    Attributes:
        text: The map; empty when not even one line fits.
        tokens: How many tokens the text has, by `counter`.
        budget: What was allowed.
        counter: The name of the tokenizer, or of the estimate.
        exact: False when no tokenizer was given and the count is an estimate.
        files: The files in the text, best first.
        left_out: How many files of the map did not fit.
    """

    text: str
    tokens: int
    budget: int
    counter: str
    exact: bool
    files: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One step of filling the budget: a file with its best line, or one more line of it."""

    file: int
    line: OutlineLine | None
    worth: float


def most_entries(budget: int) -> int:
    """Return how many files, or lines, a budget could hold at the very most."""
    return max(0, budget) // _LEAST_TOKENS_A_LINE + 1


def render(ranked: Sequence[RankedFile], *, budget: int, counter: TokenCounter) -> RenderedMap:
    """Return as much of a ranking as fits, the most worthy first."""
    entries = _entries(ranked, most=most_entries(budget))
    text, tokens, kept = "", 0, 0
    low, high = 0, len(entries)
    while low < high:  # the most entries that fit, supposing that more entries are more tokens
        middle = (low + high + 1) // 2
        candidate = _text(ranked, entries[:middle])
        count = counter.count(candidate)
        if count <= budget:
            low, text, tokens, kept = middle, candidate, count, middle
        else:
            high = middle - 1
    files = tuple(ranked[number].path for number in sorted({each.file for each in entries[:kept]}))
    return RenderedMap(
        text, tokens, budget, counter.name, counter.exact, files, len(ranked) - len(files)
    )


def _entries(ranked: Sequence[RankedFile], *, most: int) -> list[_Entry]:
    """Return what to show, most worthy first."""
    entries: list[_Entry] = []
    for number, file in enumerate(ranked[:most]):
        worth = max(file.score, 1e-9)
        lines: list[OutlineLine | None] = [line for line, _score in file.lines[:most]]
        for line in lines or [None]:
            entries.append(_Entry(number, line, worth))
            worth *= _NEXT_LINE
    entries.sort(key=lambda each: (-each.worth, each.file))
    return entries[:most]


def _text(ranked: Sequence[RankedFile], entries: Sequence[_Entry]) -> str:
    shown: dict[int, list[OutlineLine]] = {}
    for entry in entries:
        lines = shown.setdefault(entry.file, [])
        if entry.line is not None:
            lines.append(entry.line)
    blocks = []
    for number in sorted(shown):
        lines = sorted(shown[number], key=lambda each: (each.line, each.name))
        blocks.append("\n".join([ranked[number].path + (":" if lines else ""), *map(_line, lines)]))
    return "\n".join(blocks) + "\n" if blocks else ""


def _line(line: OutlineLine) -> str:
    return f"{' ' * line.depth} {line.line} {line.text}"
