"""Near-duplicates, found by MinHash and then measured exactly.

One hash per piece fills the bins of a signature (one-permutation hashing); bins without a
piece borrow from the next one. Bands of equal bins propose candidates, and a candidate counts
only when the exact share of common pieces reaches the threshold, so MinHash can overlook a pair
but never invent one. At the defaults a pair that shares four fifths is overlooked about once in
20,000 times.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

_BINS = 128
_ROWS = 4
_PIECE = re.compile(r"\w+|[^\w\s]")


def shingles(text: str, *, size: int = 5) -> frozenset[str]:
    """The runs of `size` tokens of a text; whitespace does not count."""
    tokens = _PIECE.findall(text)
    if len(tokens) <= size:
        return frozenset((" ".join(tokens),)) if tokens else frozenset()
    return frozenset(" ".join(tokens[at : at + size]) for at in range(len(tokens) - size + 1))


def similarity(left: frozenset[str], right: frozenset[str]) -> float:
    """The share of common pieces (Jaccard); 0 when either is empty."""
    if not left or not right:
        return 0.0
    common = len(left & right)
    return common / (len(left) + len(right) - common)


def signature(pieces: frozenset[str]) -> tuple[int, ...]:
    """The least hash in each bin; empty for no pieces."""
    least: list[int | None] = [None] * _BINS
    for piece in pieces:
        raw = hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        value = int.from_bytes(raw, "big")
        at, rank = value % _BINS, value // _BINS
        known = least[at]
        if known is None or rank < known:
            least[at] = rank
    return _densified(least)


def _densified(least: list[int | None]) -> tuple[int, ...]:
    """Fill each empty bin from the next full one, marked by how far it was."""
    if all(value is None for value in least):
        return ()
    filled = []
    for at in range(_BINS):
        step = next(step for step in range(_BINS) if least[(at + step) % _BINS] is not None)
        value = least[(at + step) % _BINS]
        filled.append((value or 0) * _BINS + step)
    return tuple(filled)


@dataclass(slots=True)
class NearDuplicates:
    """Texts seen so far; finds those that a new one nearly repeats."""

    threshold: float = 0.8
    _bands: dict[Hashable, list[int]] = field(default_factory=lambda: defaultdict(list))
    _seen: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def like(self, text: str) -> Iterator[str]:
        """The names of known texts that share at least the threshold with `text`."""
        pieces = shingles(text)
        numbers = {at for band in _banded(signature(pieces)) for at in self._bands.get(band, ())}
        for at in sorted(numbers):
            name, known = self._seen[at]
            if similarity(pieces, known) >= self.threshold:
                yield name

    def add(self, name: str, text: str) -> None:
        """Remember a text under a name."""
        pieces = shingles(text)
        for band in _banded(signature(pieces)):
            self._bands[band].append(len(self._seen))
        self._seen.append((name, pieces))


def _banded(values: tuple[int, ...]) -> Iterator[Hashable]:
    for at in range(0, len(values), _ROWS):
        yield at, values[at : at + _ROWS]
