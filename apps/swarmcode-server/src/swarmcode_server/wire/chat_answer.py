"""Chat completions as they are answered: whole, or as events in the order that clients expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..engines import CallDelta, Delta, TextDelta, TokenLogprob, Usage
from .logprobs import for_chat
from .sse import dumps
from .usage import usage_object


@dataclass(frozen=True, slots=True)
class Heading:
    """What every object of one answer begins with."""

    id: str
    created: int
    model: str


class ChatEvents:
    """Deltas as chunks. Each choice begins with its role and ends with its reason.

    Most of a stream is text, so the bytes around it are made once.
    """

    def __init__(self, heading: Heading, *, include_usage: bool, logprobs: bool) -> None:
        self._heading = heading
        self._include_usage = include_usage
        self._logprobs = logprobs
        self._begun: set[int] = set()
        start = {"id": heading.id, "object": "chat.completion.chunk", "created": heading.created}
        self._start = dumps({**start, "model": heading.model})[:-1]
        self._tail = ',"usage":null}\n\n' if include_usage else "}\n\n"

    def encode(self, delta: Delta) -> bytes:
        """The events of one delta, perhaps none."""
        if isinstance(delta, Usage):
            return self._usage(delta) if self._include_usage else b""
        head = b"" if delta.choice in self._begun else self._role(delta.choice)
        if isinstance(delta, TextDelta):
            return head + self._text(delta)
        if isinstance(delta, CallDelta):
            return head + self._chunk(delta.choice, {"tool_calls": [_call_part(delta)]})
        return head + self._chunk(delta.choice, {}, reason=delta.reason)

    def aside(self, fields: Mapping[str, Any]) -> bytes:
        """A chunk without choices that carries something of our own."""
        return f'data: {self._start},"choices":[],{dumps(fields)[1:-1]}{self._tail}'.encode()

    def _text(self, delta: TextDelta) -> bytes:
        if delta.extra or (self._logprobs and delta.logprobs):
            content = {"content": delta.text} if delta.text or not delta.extra else {}
            return self._chunk(delta.choice, {**content, **delta.extra}, logprobs=delta.logprobs)
        return (
            f'data: {self._start},"choices":[{{"index":{delta.choice},"delta":{{"content":'
            f'{dumps(delta.text)}}},"logprobs":null,"finish_reason":null}}]{self._tail}'
        ).encode()

    def _role(self, choice: int) -> bytes:
        self._begun.add(choice)
        return self._chunk(choice, {"role": "assistant", "content": "", "refusal": None})

    def _chunk(
        self,
        choice: int,
        delta: Mapping[str, Any],
        *,
        reason: str | None = None,
        logprobs: tuple[TokenLogprob, ...] = (),
    ) -> bytes:
        likely = for_chat(logprobs) if self._logprobs and logprobs else None
        told = {"index": choice, "delta": delta, "logprobs": likely, "finish_reason": reason}
        return f'data: {self._start},"choices":[{dumps(told)}]{self._tail}'.encode()

    def _usage(self, usage: Usage) -> bytes:
        return (
            f'data: {self._start},"choices":[],"usage":{dumps(usage_object(usage))}}}\n\n'.encode()
        )


def _call_part(delta: CallDelta) -> dict[str, Any]:
    """`id`, `type` and `name` once, in the first part of each index."""
    if delta.name is None:
        return {"index": delta.index, "function": {"arguments": delta.arguments}}
    function = {"name": delta.name, "arguments": delta.arguments}
    return {"index": delta.index, "id": delta.id, "type": "function", "function": function}


@dataclass(slots=True)
class CollectedCall:
    """A call, put together."""

    id: str
    name: str
    arguments: str = ""

    def as_openai(self) -> dict[str, Any]:
        """The call as messages have it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(slots=True)
class CollectedChoice:
    """A choice, put together."""

    text: list[str] = field(default_factory=list)
    calls: dict[int, CollectedCall] = field(default_factory=dict)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    reason: str = "stop"

    @property
    def content(self) -> str:
        """The text."""
        return "".join(self.text)

    def message(self) -> dict[str, Any]:
        """The choice as a message of the conversation."""
        content = self.content if self.text or not self.calls else None
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
        if self.calls:
            message["tool_calls"] = [call.as_openai() for _, call in sorted(self.calls.items())]
        return {**message, **self.extra}


class Collected:
    """A whole answer, put together from its deltas."""

    def __init__(self) -> None:
        self.choices: dict[int, CollectedChoice] = {}
        self.usage: Usage | None = None

    def take(self, delta: Delta) -> None:
        """Take one piece."""
        if isinstance(delta, Usage):
            self.usage = delta
            return
        choice = self.choices.setdefault(delta.choice, CollectedChoice())
        if isinstance(delta, TextDelta):
            choice.text += [delta.text] if delta.text else []
            choice.logprobs += delta.logprobs
            for name, value in delta.extra.items():
                before = choice.extra.get(name)
                joined = isinstance(before, str) and isinstance(value, str)
                choice.extra[name] = before + value if joined else value
        elif isinstance(delta, CallDelta):
            call = choice.calls.setdefault(
                delta.index, CollectedCall(delta.id or "", delta.name or "")
            )
            call.arguments += delta.arguments
        else:
            choice.reason = delta.reason

    def first(self) -> CollectedChoice:
        """The only choice, where one was asked for."""
        return self.choices.get(0, CollectedChoice())


def chat_object(
    heading: Heading, answer: Collected, *, logprobs: bool, more: Mapping[str, Any]
) -> dict[str, Any]:
    """A whole chat completion."""
    return {
        "id": heading.id,
        "object": "chat.completion",
        "created": heading.created,
        "model": heading.model,
        "choices": [
            {
                "index": number,
                "message": choice.message(),
                "logprobs": for_chat(choice.logprobs) if logprobs else None,
                "finish_reason": choice.reason,
            }
            for number, choice in sorted(answer.choices.items())
        ],
        "usage": usage_object(answer.usage),
        **more,
    }
