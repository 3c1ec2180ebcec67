"""One incremental parser for all formats: feed what arrives, get text and calls.

What it answers depends on the characters alone, never on how they were split: for every split,
the texts put together and the calls are what the whole gives in one piece. Text is given as soon
as it cannot begin a call; a call is given once it is complete.
"""

from __future__ import annotations

import codecs

from .formats import FORMATS, Format
from .model import Parsed, Piece, Text, ToolCall
from .scan import BracketScanner, Scan

MOST_PENDING = 2_000_000  # characters of one call; more is text
_SPACE = " \t\r\n"


class ToolCallParser:
    """Reads one answer. `names` are the tools there are; None takes any name for a tool's."""

    def __init__(self, names: frozenset[str] | set[str] | None = None) -> None:
        self._names = None if names is None else frozenset(names)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""  # not yet known to be text or a call
        self._at = 0  # how much of it is looked at
        self._format: Format | None = None
        self._scanner = BracketScanner()
        self._line_start = True
        self._out: list[Piece] = []

    def feed(self, data: str | bytes) -> list[Piece]:
        """Take some more of the answer."""
        self._pending += data if isinstance(data, str) else self._decoder.decode(data)
        self._advance(final=False)
        return self._given()

    def close(self) -> list[Piece]:
        """Say that the answer is complete, and get the rest."""
        self._pending += self._decoder.decode(b"", final=True)
        self._advance(final=True)
        return self._given()

    def _given(self) -> list[Piece]:
        given, self._out = self._out, []
        return given

    # ── text ──────────────────────────────────────────────────────────────────────────────

    def _advance(self, *, final: bool) -> None:
        while self._pending:
            inside = self._format
            moved = self._call(inside, final=final) if inside else self._text(final=final)
            if not moved:
                return

    def _text(self, *, final: bool) -> bool:
        """Give text up to the next opening; False where more has to arrive first."""
        at, line_start = 0, self._line_start
        while at < len(self._pending):
            found = self._opening(at, line_start=line_start, final=final)
            if isinstance(found, Format):
                self._emit(at)
                self._begin(found)
                return True
            if found and not final:
                break
            letter = self._pending[at]
            line_start = letter == "\n" or (line_start and letter in _SPACE)
            at += 1
        self._emit(at)
        return False

    def _opening(self, at: int, *, line_start: bool, final: bool) -> Format | bool:
        """Return the format that opens here, or True where one may once more has arrived.

        `[` opens a list of calls unless it turns out to begin `[TOOL_CALLS]`.
        """
        maybe = False
        for candidate in FORMATS:
            if candidate.line_start and not line_start:
                continue
            if self._pending.startswith(candidate.opening, at):
                return candidate if final or not maybe else True
            if candidate.opening.startswith(self._pending[at:]):
                maybe = True
        return maybe

    def _emit(self, size: int) -> None:
        if not size:
            return
        text, self._pending = self._pending[:size], self._pending[size:]
        after = text.rpartition("\n")[2]
        fresh = self._line_start if "\n" not in text else True
        self._line_start = fresh and not after.strip(_SPACE)
        if self._out and isinstance(self._out[-1], Text):
            self._out[-1] = Text(self._out[-1].text + text)
        else:
            self._out.append(Text(text))

    # ── a call ────────────────────────────────────────────────────────────────────────────

    def _begin(self, found: Format) -> None:
        self._format = found
        self._scanner = BracketScanner(found.quotes)
        self._at = 0 if self._is_bare(found) else len(found.opening)

    def _is_bare(self, found: Format) -> bool:
        """Whether the opening is the value's own bracket."""
        return found.opening in {"{", "["}

    def _call(self, inside: Format, *, final: bool) -> bool:
        """Go on to the end of the call; False where more has to arrive first."""
        end = self._end_by_tag(inside) if inside.closing else self._end_by_brackets()
        if end is None and not final and len(self._pending) <= MOST_PENDING:
            return False
        if end is not None and end >= 0 and self._take(inside, end):
            return True
        if end is None and final and self._take_unclosed(inside):
            return True
        # It is no call: its opening is text, and what follows is looked at anew.
        self._format = None
        self._emit(len(inside.opening))
        return True

    def _end_by_tag(self, inside: Format) -> int | None:
        found = self._pending.find(inside.closing, self._at)
        if found < 0:
            self._at = max(len(inside.opening), len(self._pending) - len(inside.closing) + 1)
            return None
        return found + len(inside.closing)

    def _end_by_brackets(self) -> int | None:
        """Return where the value ends, None where it does not yet, -1 where it is broken."""
        while self._at < len(self._pending):
            state = self._scanner.feed(self._pending[self._at])
            self._at += 1
            if state is Scan.DONE:
                return self._at
            if state is Scan.BROKEN:
                return -1
        return None

    def _take(self, inside: Format, end: int) -> bool:
        start = 0 if self._is_bare(inside) else len(inside.opening)
        body = self._pending[start : end - len(inside.closing)]
        calls = inside.read(body, self._names)
        if calls is None:
            return False
        self._out += calls
        self._pending, self._format = self._pending[end:], None
        self._line_start = True  # another call may follow at once
        return True

    def _take_unclosed(self, inside: Format) -> bool:
        """Take a call whose closing tag is missing at the very end: a stop token ate it."""
        if not inside.closing or inside.name == "fenced":
            return False
        calls = inside.read(self._pending[len(inside.opening) :], self._names)
        if calls is None:
            return False
        self._out += calls
        self._pending, self._format = "", None
        return True


def parse_answer(text: str | bytes, names: frozenset[str] | set[str] | None = None) -> Parsed:
    """Read a whole answer at once."""
    parser = ToolCallParser(names)
    pieces = [*parser.feed(text), *parser.close()]
    return collect(pieces)


def collect(pieces: list[Piece]) -> Parsed:
    """Put pieces together. The blank lines around calls are not text that was meant."""
    text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    calls = tuple(piece for piece in pieces if isinstance(piece, ToolCall))
    return Parsed(text.strip() if calls else text, calls)
