"""What was read before, kept in case the next prompt begins the same way.

The tokens of all that is kept are bounded; what was used longest ago goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import count

from .past import Past


class PrefixCache:
    """Pasts by the tokens that made them, apart for each adapter."""

    def __init__(self, most_tokens: int) -> None:
        self._most = most_tokens
        self._kept: OrderedDict[int, tuple[str | None, tuple[int, ...], Past]] = OrderedDict()
        self._numbers = count()
        self.tokens = 0

    def find(self, adapter: str | None, tokens: Sequence[int]) -> tuple[int, Past] | None:
        """Return the longest beginning that was read before, and its past.

        The last token is always read anew: what follows it is what is wanted.
        """
        best, best_length = None, 0
        for number, (of, kept, _) in self._kept.items():
            if of == adapter:
                length = min(_common(kept, tokens), len(tokens) - 1)
                if length > best_length:
                    best, best_length = number, length
        if best is None:
            return None
        self._kept.move_to_end(best)
        return best_length, self._kept[best][2].until(best_length)

    def keep(self, adapter: str | None, tokens: tuple[int, ...], past: Past) -> None:
        """Keep what was read. What it begins with need not be kept twice."""
        if not 0 < len(tokens) <= self._most:
            return
        for number, (of, kept, _) in list(self._kept.items()):
            if of == adapter and _common(kept, tokens) == min(len(kept), len(tokens)):
                if len(kept) >= len(tokens):
                    self._kept.move_to_end(number)
                    return
                self._drop(number)
        self._kept[next(self._numbers)] = (adapter, tokens, past)
        self.tokens += len(tokens)
        while self.tokens > self._most:
            self._drop(next(iter(self._kept)))

    def forget(self, adapter: str) -> None:
        """Forget what an adapter read."""
        for number in [n for n, (of, _, _) in self._kept.items() if of == adapter]:
            self._drop(number)

    def _drop(self, number: int) -> None:
        self.tokens -= len(self._kept.pop(number)[1])


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    most = min(len(one), len(other))
    if tuple(one[:most]) == tuple(other[:most]):
        return most
    return next(n for n in range(most) if one[n] != other[n])
