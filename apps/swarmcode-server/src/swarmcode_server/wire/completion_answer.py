"""Completions as they are answered: whole, or as events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engines import Delta, Ended, TextDelta, TokenLogprob, Usage
from .chat_answer import Heading
from .logprobs import for_completion
from .sse import event
from .usage import usage_object


@dataclass(slots=True)
class _Choice:
    """One choice: its echo, its text, and how far it has come."""

    echo: str
    text: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    offset: int = 0  # where the next token stands in the text
    reason: str | None = None


class CompletionAnswer:
    """Choices of one answer. `echoes` says what each one's text begins with."""

    def __init__(self, heading: Heading, *, echoes: Sequence[str], logprobs: bool) -> None:
        self._heading, self._logprobs = heading, logprobs
        self._choices = [_Choice(echo, offset=len(echo)) for echo in echoes]
        self._usage: Usage | None = None

    def events(self, delta: Delta, *, include_usage: bool) -> bytes:
        """The events of one delta."""
        if isinstance(delta, Usage):
            told = {**self._head(), "choices": [], "usage": usage_object(delta)}
            return event(told) if include_usage else b""
        choice, text = self._choices[delta.choice], ""
        logprobs: tuple[TokenLogprob, ...] = ()
        if choice.echo:
            text, choice.echo = choice.echo, ""
        if isinstance(delta, TextDelta):
            text, logprobs = text + delta.text, delta.logprobs
        reason = delta.reason if isinstance(delta, Ended) else None
        told = self._choice(delta.choice, text, logprobs, choice.offset, reason)
        choice.offset += sum(len(token.token) for token in logprobs)
        more = {"usage": None} if include_usage else {}
        return event({**self._head(), "choices": [told], **more})

    def take(self, delta: Delta) -> None:
        """Take one delta of an answer that is given whole."""
        if isinstance(delta, Usage):
            self._usage = delta
        elif isinstance(delta, TextDelta):
            self._choices[delta.choice].text.append(delta.text)
            self._choices[delta.choice].logprobs += delta.logprobs
        elif isinstance(delta, Ended):
            self._choices[delta.choice].reason = delta.reason

    def whole(self) -> dict[str, Any]:
        """The whole answer."""
        choices = [
            self._choice(
                n, c.echo + "".join(c.text), tuple(c.logprobs), c.offset, c.reason or "stop"
            )
            for n, c in enumerate(self._choices)
        ]
        return {**self._head(), "choices": choices, "usage": usage_object(self._usage)}

    def _head(self) -> dict[str, Any]:
        heading = self._heading
        return {
            "id": heading.id,
            "object": "text_completion",
            "created": heading.created,
            "model": heading.model,
        }

    def _choice(
        self,
        index: int,
        text: str,
        logprobs: tuple[TokenLogprob, ...],
        offset: int,
        reason: str | None,
    ) -> dict[str, Any]:
        likely = for_completion(logprobs, offset=offset) if self._logprobs and logprobs else None
        return {"index": index, "text": text, "logprobs": likely, "finish_reason": reason}
