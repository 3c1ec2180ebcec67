"""Blocks found without a grammar: by indentation, or by braces, on blanked text."""

import re
from bisect import bisect_left, bisect_right

_BRACKET = re.compile(rb"[\[\](){}\n]")
_PYTHON_HEAD = re.compile(rb"[ \t]*(?:async[ \t]+def|def|class)\b|@")
_OPENING = b"([{"


class Lines:
    """Where lines start, for turning offsets into line numbers."""

    def __init__(self, source: bytes) -> None:
        self._starts = [0]
        self._starts.extend(found.end() for found in re.finditer(rb"\n", source))

    def number(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return bisect_right(self._starts, offset)

    def end(self, number: int, source: bytes) -> int:
        """Return the offset at which the text of a line (from 1) ends."""
        after = self._starts[number] if number < len(self._starts) else len(source)
        return self._starts[number - 1] + len(source[self._starts[number - 1] : after].rstrip())


class Braces:
    """Which closing brace belongs to which opening one, and what stands inside what."""

    def __init__(self, masked: bytes) -> None:
        self._positions: list[int] = []
        self._innermost: list[int | None] = []  # after each brace: the block that is then open
        self._closing: dict[int, int] = {}
        self._size = len(masked)
        stack: list[int] = []
        for found in re.finditer(rb"[{}]", masked):
            if found.group() == b"{":
                stack.append(found.start())
            elif stack:
                self._closing[stack.pop()] = found.end()
            self._positions.append(found.start())
            self._innermost.append(stack[-1] if stack else None)

    def end(self, opening: int) -> int:
        """Return where the block of an opening brace ends; unclosed, with the file."""
        return self._closing.get(opening, self._size)

    def around(self, offset: int) -> int | None:
        """Return the opening brace of the innermost block around an offset."""
        index = bisect_left(self._positions, offset)
        return self._innermost[index - 1] if index else None


class Indentation:
    """Where indented blocks end.

    Only lines that begin a statement count: not blank ones, and not those inside brackets or
    strings. A line that begins with def or class counts always, so that one bracket too many
    does not swallow the rest of a broken file.
    """

    def __init__(self, masked: bytes, inside_strings: set[int]) -> None:
        self._numbers: list[int] = []
        self._indents: list[int] = []
        depth = 0
        continued = False
        for number, line in enumerate(masked.split(b"\n"), start=1):
            stripped = line.strip()
            if stripped and not continued and number not in inside_strings:
                if depth and _PYTHON_HEAD.match(line):
                    depth = 0
                if depth == 0:
                    self._numbers.append(number)
                    self._indents.append(len(line) - len(line.lstrip()))
            continued = stripped.endswith(b"\\")
            for bracket in _BRACKET.findall(line):
                depth = max(0, depth + (1 if bracket in _OPENING else -1))
        self._last = [number for number, line in enumerate(masked.split(b"\n"), 1) if line.strip()]
        self._ends = self._block_ends()

    def _block_ends(self) -> list[int]:
        """For each counting line, the index of the next one indented no deeper: one pass."""
        ends = [len(self._numbers)] * len(self._numbers)
        stack: list[int] = []
        for index, indent in enumerate(self._indents):
            while stack and self._indents[stack[-1]] >= indent:
                ends[stack.pop()] = index
            stack.append(index)
        return ends

    def end_line(self, head: int) -> int:
        """Return the last line of the block that begins on line `head`."""
        index = bisect_left(self._numbers, head)
        if index == len(self._numbers) or self._numbers[index] != head:
            return head
        following = self._ends[index]
        limit = self._numbers[following] if following < len(self._numbers) else None
        before = len(self._last) if limit is None else bisect_left(self._last, limit)
        return max(head, self._last[before - 1])
