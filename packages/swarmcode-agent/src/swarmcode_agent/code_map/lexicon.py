"""Which files speak of a task's words: an index, and BM25 over it."""

from collections.abc import Iterable, Mapping
from math import log

_SATURATION = 1.2
_TENTHS = 10
_LENGTH_BIAS = 0.4


class Lexicon:
    """Weighted words of files; one file can change at a time.

    Weights are whole numbers (tenths), so that sums are exact whatever changed in between.
    """

    def __init__(self) -> None:
        self._files: dict[str, dict[str, int]] = {}  # word → file → weight
        self._words: dict[str, Mapping[str, int]] = {}
        self._lengths: dict[str, int] = {}
        self._total = 0

    def update(self, path: str, words: Mapping[str, int]) -> None:
        """Put a file in, or what it has become."""
        self.remove(path)
        self._words[path] = words
        self._lengths[path] = sum(words.values())
        self._total += self._lengths[path]
        for word, weight in words.items():
            self._files.setdefault(word, {})[path] = weight

    def remove(self, path: str) -> None:
        """Take a file out; one that is not there is no error."""
        for word in self._words.pop(path, ()):
            files = self._files[word]
            del files[path]
            if not files:
                del self._files[word]
        self._total -= self._lengths.pop(path, 0)

    def search(self, stems: Iterable[str]) -> dict[str, float]:
        """Return the files that hold any of the words, with scores; higher is closer."""
        scores: dict[str, float] = {}
        average = self._total / len(self._words) if self._words and self._total > 0 else 1.0
        for stem in sorted(set(stems)):
            files = self._files.get(stem, {})
            rarity = log(1 + (len(self._words) - len(files) + 0.5) / (len(files) + 0.5))
            for path, weight in files.items():
                length = 1 - _LENGTH_BIAS + _LENGTH_BIAS * self._lengths[path] / average
                often = weight / _TENTHS
                score = rarity * often * (_SATURATION + 1) / (often + _SATURATION * length)
                scores[path] = scores.get(path, 0.0) + score
        return scores
