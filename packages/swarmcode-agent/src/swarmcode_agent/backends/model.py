"""What every back end is asked and answers, whatever is behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from ..toolcalls import Text, ToolCall

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
Reason: TypeAlias = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None  # for role "tool": the call that this answers

    def to_openai(self) -> dict[str, Any]:
        """The message as OpenAI's API has it."""
        message: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in self.calls
            ]
        if self.call_id is not None:
            message["tool_call_id"] = self.call_id
        return message

    @classmethod
    def from_openai(cls, message: Mapping[str, Any]) -> Message:
        """Read a message back. Raises KeyError and TypeError for what is none."""
        calls = tuple(
            ToolCall(call["function"]["name"], call["function"]["arguments"], call.get("id"))
            for call in message.get("tool_calls") or ()
        )
        return cls(message["role"], message["content"] or "", calls, message.get("tool_call_id"))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the answer is drawn."""

    max_tokens: int = 4096
    temperature: float = 0.1
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One question: the conversation so far and the tools that may be called."""

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] = ()  # OpenAI's function schemas
    sampling: Sampling = field(default_factory=Sampling)

    @property
    def tool_names(self) -> frozenset[str]:
        """What the tools are called."""
        return frozenset(str(tool["function"]["name"]) for tool in self.tools)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one question and its answer; `cost` in the currency of the caller's prices."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True)
class Finished:
    """The last piece of every answer."""

    reason: Reason
    usage: Usage = field(default_factory=Usage)


Event: TypeAlias = Text | ToolCall | Finished


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer."""

    text: str
    calls: tuple[ToolCall, ...]
    reason: Reason
    usage: Usage

    @property
    def message(self) -> Message:
        """The answer as a message of the conversation."""
        return Message("assistant", self.text, self.calls)


class ModelBackend(Protocol):
    """Something that answers. It gives text as it comes, whole calls, and `Finished` at the end."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    def stream(self, request: Request) -> AsyncIterator[Event]:
        """Answer. Raises BackendError; closing the iterator stops the model."""
        ...

    async def aclose(self) -> None:
        """Let go of what is held open."""
        ...


async def complete(backend: ModelBackend, request: Request) -> Completion:
    """Ask, and wait for the whole answer. Calls without an id get one."""
    text: list[str] = []
    calls: list[ToolCall] = []
    finished = Finished("stop")
    async for event in backend.stream(request):
        if isinstance(event, Text):
            text.append(event.text)
        elif isinstance(event, ToolCall):
            calls.append(event)
        else:
            finished = event
    named = with_ids(calls, prefix=f"call_{len(request.messages)}")
    whole = "".join(text)
    return Completion(whole.strip() if named else whole, named, finished.reason, finished.usage)


def with_ids(calls: Sequence[ToolCall], *, prefix: str) -> tuple[ToolCall, ...]:
    """Give every call without an id one that its place in the conversation decides."""
    return tuple(
        call if call.id else ToolCall(call.name, call.arguments, f"{prefix}_{number}")
        for number, call in enumerate(calls)
    )
