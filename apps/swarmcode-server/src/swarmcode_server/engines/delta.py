"""What an engine answers, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Reason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token, how likely it was, and what else was likely."""

    token: str
    logprob: float
    data: bytes
    top: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more text of one choice. `extra` is what an upstream said beside it."""

    text: str
    choice: int = 0
    logprobs: tuple[TokenLogprob, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallDelta:
    """Some more of a call. `id` and `name` are there in the first piece of each index alone."""

    index: int
    arguments: str
    id: str | None = None
    name: str | None = None
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A choice is complete."""

    reason: Reason
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, counted by whoever generated them. The last piece of every answer."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.cached + other.cached,
        )


Delta: TypeAlias = TextDelta | CallDelta | Ended | Usage
