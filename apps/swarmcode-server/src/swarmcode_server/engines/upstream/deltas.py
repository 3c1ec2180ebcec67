"""From an upstream's chunks to deltas. A chunk of another shape is a fault of the upstream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import EngineFailedError
from ..delta import CallDelta, Delta, Ended, Reason, TextDelta, TokenLogprob, Usage

_REASONS: dict[str, Reason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_KNOWN = frozenset({"role", "content", "tool_calls", "refusal", "function_call"})


class DeltaReader:
    """Reads one answer's chunks, and knows whether it is complete."""

    def __init__(self, choices: int) -> None:
        self._choices, self._open = choices, set(range(choices))
        self.usage: Usage | None = None
        self._named: set[tuple[int, int]] = set()

    @property
    def complete(self) -> bool:
        """Whether every choice has ended."""
        return not self._open

    def read(self, chunk: Mapping[str, Any]) -> list[Delta]:
        """Read one chunk."""
        try:
            return list(self._chunk(chunk))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineFailedError(
                f"the upstream sent a chunk of another shape ({type(error).__name__}: {error})"
            ) from None

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterator[Delta]:
        for choice in chunk.get("choices") or ():
            number = choice.get("index") or 0
            if not isinstance(number, int) or not 0 <= number < self._choices:
                raise ValueError(f"a choice has the index {number!r}")
            yield from self._choice(choice, number)
            if (reason := choice.get("finish_reason")) is not None and number in self._open:
                self._open.discard(number)
                yield Ended(_REASONS.get(str(reason), "stop"), number)
        if usage := chunk.get("usage"):
            details = usage.get("prompt_tokens_details") or {}
            self.usage = Usage(
                int(usage["prompt_tokens"]),
                int(usage.get("completion_tokens") or 0),
                int(details.get("cached_tokens") or 0),
            )

    def _choice(self, choice: Mapping[str, Any], number: int) -> Iterator[Delta]:
        if "delta" not in choice:  # a completion
            text = str(choice.get("text") or "")
            likely = _of_completion(choice.get("logprobs"))
            if text or likely:
                yield TextDelta(text, number, likely)
            return
        delta = choice["delta"] or {}
        extra = {k: v for k, v in delta.items() if k not in _KNOWN and v is not None}
        if delta.get("refusal"):
            extra["refusal"] = delta["refusal"]
        text, likely = str(delta.get("content") or ""), _of_chat(choice.get("logprobs"))
        if text or likely or extra:
            yield TextDelta(text, number, likely, extra)
        for part in delta.get("tool_calls") or ():
            yield self._call(part, number)

    def _call(self, part: Mapping[str, Any], number: int) -> CallDelta:
        """`id` and `name` are told once, however often the upstream repeats them."""
        index, function = int(part.get("index") or 0), part.get("function") or {}
        arguments = str(function.get("arguments") or "")
        if (number, index) in self._named:
            return CallDelta(index, arguments, choice=number)
        self._named.add((number, index))
        name, identifier = function["name"], part.get("id") or f"call_{number}_{index}"
        return CallDelta(index, arguments, str(identifier), str(name), number)


def _of_chat(logprobs: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...]:
    if not logprobs or not logprobs.get("content"):
        return ()
    return tuple(_token(token) for token in logprobs["content"])


def _token(token: Mapping[str, Any]) -> TokenLogprob:
    text = str(token["token"])
    data = token.get("bytes")
    return TokenLogprob(
        text,
        float(token["logprob"]),
        bytes(data) if data is not None else text.encode("utf-8", "replace"),
        tuple(_token(other) for other in token.get("top_logprobs") or ()),
    )


def _of_completion(logprobs: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...]:
    if not logprobs or not logprobs.get("tokens"):
        return ()
    tops = logprobs.get("top_logprobs") or [None] * len(logprobs["tokens"])
    found = zip(logprobs["tokens"], logprobs["token_logprobs"], tops, strict=False)
    return tuple(
        TokenLogprob(
            text,
            float(likely or 0.0),
            text.encode("utf-8", "replace"),
            tuple(
                TokenLogprob(other, float(value), other.encode("utf-8", "replace"))
                for other, value in (top or {}).items()
            ),
        )
        for text, likely, top in found
    )
