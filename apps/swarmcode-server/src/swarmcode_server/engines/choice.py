"""One choice of an answer: from the text of its tokens to what a chat client is told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from swarmcode_agent.toolcalls import Piece, Text, ToolCallParser

from .ask import Ask
from .delta import CallDelta, Delta, Ended, Reason, TextDelta, TokenLogprob
from .stops import StopScanner


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token: the whole characters that it completes, perhaps none."""

    text: str
    logprob: TokenLogprob | None = None
    last: bool = False  # the model ended its answer with it; its text is not shown


class ChoiceReader:
    """Takes tokens, gives deltas. What it gives depends on the characters, not on the tokens."""

    def __init__(self, ask: Ask, number: int) -> None:
        self._number = number
        self._stops = StopScanner(ask.sampling.stop)
        calling = bool(ask.tools) and ask.tool_choice.mode != "none"
        self._parser = ToolCallParser(ask.tool_names) if calling else None
        self._only_one = not ask.parallel_tool_calls
        self._calls = 0
        self._space = ""  # blank text that is dropped where a call follows
        self._logprobs: list[TokenLogprob] = []
        self._ended = False

    @property
    def done(self) -> bool:
        """Whether the model need not go on."""
        return self._ended or self._stops.found or (self._only_one and self._calls > 0)

    def take(self, token: Token) -> list[Delta]:
        """Take one token."""
        if token.last:
            self._ended = True
            return []
        if token.logprob is not None:
            self._logprobs.append(token.logprob)
        return self._read(self._stops.feed(token.text))

    def end(self) -> list[Delta]:
        """Say that no more tokens come, and get the rest and the reason."""
        deltas = self._read(self._stops.close())
        if self._parser is not None:
            deltas += self._pieces(self._parser.close())
        if (self._space and not self._calls) or self._logprobs:
            deltas.append(self._text(self._space if not self._calls else ""))
        return [*deltas, Ended(self._reason(), self._number)]

    def _reason(self) -> Reason:
        if self._calls:
            return "tool_calls"
        return "stop" if self.done else "length"

    def _read(self, text: str) -> list[Delta]:
        if self._parser is not None:
            return self._pieces(self._parser.feed(text)) if text else []
        return [self._text(text)] if text else []

    def _pieces(self, pieces: list[Piece]) -> list[Delta]:
        deltas: list[Delta] = []
        for piece in pieces:
            if self._only_one and self._calls:
                break
            if isinstance(piece, Text):
                whole = self._space + piece.text
                shown = whole.rstrip()
                self._space = whole[len(shown) :]
                deltas += [self._text(shown)] if shown else []
            else:
                self._space = ""
                identifier = piece.id or f"call_{secrets.token_hex(12)}"
                deltas.append(CallDelta(self._calls, "", identifier, piece.name, self._number))
                deltas.append(CallDelta(self._calls, piece.arguments, choice=self._number))
                self._calls += 1
        return deltas

    def _text(self, text: str) -> TextDelta:
        logprobs, self._logprobs = tuple(self._logprobs), []
        return TextDelta(text, self._number, logprobs)
