"""Placing a hunk by most of its lines, when some of what it expects is not there.

A model remembers a file nearly. A hunk may go where most of its lines stand, in order, if every
line that it removes is there in near-identical form and no other place is nearly as good.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher

from .model import Hunk

GOOD_ENOUGH = (
    0.75  # the share of the hunk's lines that must be found, nearly identical ones in part
)
CLEARLY_BETTER = 0.1  # how far the second best place must be behind
NEARLY_THE_SAME = 0.8  # how alike two lines must be to count as one line remembered wrongly
MOST_PLACES = 12  # how many places are looked at closely


@dataclass(frozen=True, slots=True)
class FuzzyPlace:
    """A stretch of the file that resembles what a hunk expects."""

    at: int  # from 0
    size: int
    score: float
    merged: list[str]  # what would stand there afterwards
    removable: bool  # every line that the hunk removes was found


def fuzzy_place(lines: list[str], hunk: Hunk) -> FuzzyPlace | None:
    """Return the one place that is good enough and clearly the best."""
    places = _places(lines, hunk)
    if not places or places[0].score < GOOD_ENOUGH or not places[0].removable:
        return None
    best = places[0]
    rivals = [p for p in places[1:] if p.at >= best.at + best.size or p.at + p.size <= best.at]
    if rivals and rivals[0].score > best.score - CLEARLY_BETTER:
        return None
    return best


def closest(lines: list[str], hunk: Hunk) -> FuzzyPlace | None:
    """Return the place that resembles the hunk most, to show it in an explanation."""
    places = _places(lines, hunk)
    return places[0] if places and places[0].score >= 0.3 else None


def _places(lines: list[str], hunk: Hunk) -> list[FuzzyPlace]:
    starts = _likely_starts(lines, hunk)
    places = [_examine(lines, hunk, start) for start in starts]
    return sorted((p for p in places if p is not None), key=lambda place: -place.score)


def _likely_starts(lines: list[str], hunk: Hunk) -> list[int]:
    """Vote: each line of the hunk that stands in the file proposes where the hunk would begin."""
    where = defaultdict(list)
    for at, line in enumerate(lines):
        where[line.strip()].append(at)
    votes: Counter[int] = Counter()
    for index, line in enumerate(hunk.old):
        found = where.get(line.strip(), ()) if line.strip() else ()
        for at in found[:50]:
            votes[max(at - index, 0)] += 1
    if not votes and len(hunk.old) <= 3:
        return _similar_lines(lines, hunk)
    return [start for start, _ in votes.most_common(MOST_PLACES)]


def _similar_lines(lines: list[str], hunk: Hunk) -> list[int]:
    """For a short hunk of which no line stands in the file: where its longest line nearly does."""
    index, wanted = max(enumerate(hunk.old), key=lambda pair: len(pair[1].strip()))
    matcher = SequenceMatcher(b=wanted.strip(), autojunk=False)
    found = []
    for at, line in enumerate(lines[:20_000]):
        matcher.set_seq1(line.strip())
        if matcher.real_quick_ratio() > NEARLY_THE_SAME and matcher.quick_ratio() > NEARLY_THE_SAME:
            found.append(max(at - index, 0))
    return found[:MOST_PLACES]


def _examine(lines: list[str], hunk: Hunk, start: int) -> FuzzyPlace | None:
    """Align the hunk with the file around `start` and merge what it changes."""
    old = hunk.old
    slack = 1 + len(old) // 3
    begin, end = max(start - slack, 0), min(start + len(old) + slack, len(lines))
    pairs = _align([line.strip() for line in old], [line.strip() for line in lines[begin:end]])
    if not pairs:
        return None
    first, last = min(pairs.values()), max(pairs.values())
    alike = sum(_alike(old[i], lines[begin + j]) for i, j in pairs.items())
    gaps = (last - first + 1) - len(pairs)
    removable = all(index in pairs for index, mark in enumerate(_marks_of_old(hunk)) if mark == "-")
    return FuzzyPlace(
        at=begin + first,
        size=last - first + 1,
        score=alike / (len(old) + gaps / 2),
        merged=_merge(hunk, lines[begin + first : begin + last + 1], _shifted(pairs, first)),
        removable=removable,
    )


def _marks_of_old(hunk: Hunk) -> list[str]:
    return [line.mark for line in hunk.lines if line.mark != "+"]


def _shifted(pairs: dict[int, int], by: int) -> dict[int, int]:
    return {index: at - by for index, at in pairs.items()}


def _alike(one: str, other: str) -> float:
    one, other = one.strip(), other.strip()
    return 1.0 if one == other else SequenceMatcher(None, one, other, autojunk=False).ratio()


def _align(old: list[str], window: list[str]) -> dict[int, int]:
    """Pair the lines of the hunk with the file's, in order: identical ones, then similar ones."""
    pairs: dict[int, int] = {}
    matcher = SequenceMatcher(None, old, window, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pairs |= dict(zip(range(i1, i2), range(j1, j2), strict=True))
        elif tag == "replace":
            at = j1
            for i in range(i1, i2):
                similar = (j for j in range(at, j2) if _alike(old[i], window[j]) >= NEARLY_THE_SAME)
                if (j := next(similar, None)) is not None:
                    pairs[i], at = j, j + 1
    return pairs


def _merge(hunk: Hunk, window: list[str], pairs: dict[int, int]) -> list[str]:
    """Walk hunk and file together: the file's own lines stay, unless the hunk removes them."""
    ending = "\r\n" if window and window[0].endswith("\r\n") else "\n"
    result: list[str] = []
    at = index = 0
    for line in hunk.lines:
        if line.mark == "+":
            result.append(line.text.rstrip("\r\n") + ending)
            continue
        if (found := pairs.get(index)) is not None:
            result += window[at:found]
            result += [window[found]] if line.mark == " " else []
            at = found + 1
        index += 1
    result += window[at:]
    if window and result and not window[-1].endswith("\n"):
        result[-1] = result[-1].rstrip("\r\n")
    return [*(line if line.endswith("\n") else line + ending for line in result[:-1]), *result[-1:]]
