"""Find where a nested value ends, character by character, however the text arrives."""

from __future__ import annotations

from enum import Enum

DEEPEST = 100  # levels of nesting; a real call has a handful

_CLOSES = {"{": "}", "[": "]", "(": ")"}


class Scan(Enum):
    """How far a value is."""

    OPEN = "open"
    DONE = "done"
    BROKEN = "broken"


class BracketScanner:
    """Follows brackets and strings. It looks at each character once and keeps no text."""

    def __init__(self, quotes: str = '"') -> None:
        self._quotes = quotes
        self._expected: list[str] = []
        self._quote = ""
        self._escaped = False

    def feed(self, letter: str) -> Scan:
        """Take one character; DONE at the one that closes the value."""
        if self._quote:
            if self._escaped:
                self._escaped = False
            elif letter == "\\":
                self._escaped = True
            elif letter == self._quote:
                self._quote = ""
        elif letter in self._quotes:
            self._quote = letter
        elif letter in _CLOSES:
            self._expected.append(_CLOSES[letter])
            if len(self._expected) > DEEPEST:
                return Scan.BROKEN
        elif letter in "}])":
            if not self._expected or self._expected.pop() != letter:
                return Scan.BROKEN
            return Scan.OPEN if self._expected else Scan.DONE
        return Scan.OPEN
