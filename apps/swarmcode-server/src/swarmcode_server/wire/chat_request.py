"""`POST /v1/chat/completions`: the request, read and checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Strict, model_validator

from .fields import (
    Bias,
    Bool,
    Choices,
    Fraction,
    Int,
    Json,
    ModelName,
    Name,
    NamedTool,
    Open,
    Penalty,
    Seed,
    Stop,
    Str,
    StreamOptions,
    SwarmCode,
    Temperature,
    TextFormat,
    Tokens,
    ToolSpec,
)

# Fields that say nothing about the answer's text; they are taken and change nothing here.
WITHOUT_EFFECT = frozenset({
    "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
    "reasoning_effort", "safety_identifier", "service_tier", "store", "user", "verbosity",
})  # fmt: skip


class ContentPart(Open):
    """A piece of a message. Text is all that a coding model reads."""

    type: Literal["text", "refusal"]
    text: Str | None = None
    refusal: Str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ContentPart:
        if getattr(self, self.type) is None:
            raise ValueError(f"{self.type} is missing")
        return self


class CalledFunction(Open):
    """What was called, and with what."""

    name: Name
    arguments: Str


class MessageCall(Open):
    """A call that the model made earlier."""

    id: Annotated[str, Strict(), Field(min_length=1, max_length=256)]
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(Open):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Str | list[ContentPart] | None = None
    name: Str | None = None
    tool_calls: list[MessageCall] | None = None
    tool_call_id: Str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> ChatMessage:
        if self.role == "tool" and not self.tool_call_id:
            raise ValueError("a tool message needs tool_call_id")
        if self.content is None and not (self.role == "assistant" and self.tool_calls):
            raise ValueError(f"a {self.role} message needs content")
        return self


class ChatRequest(Open):
    """A conversation, and how to go on with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "my-model",
                    "messages": [{"role": "user", "content": "Write a function that adds."}],
                    "max_tokens": 64,
                }
            ]
        }
    )

    model: ModelName
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=10_000)]
    frequency_penalty: Penalty | None = None
    logit_bias: dict[Annotated[str, Field(pattern=r"^[0-9]{1,9}$")], Bias] | None = None
    logprobs: Bool | None = None
    max_completion_tokens: Tokens | None = None
    max_tokens: Tokens | None = None
    n: Choices | None = None
    parallel_tool_calls: Bool | None = None
    presence_penalty: Penalty | None = None
    response_format: TextFormat | None = None
    seed: Seed | None = None
    stop: Stop | None = None
    stream: Bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Temperature | None = None
    tool_choice: Literal["auto", "none", "required"] | NamedTool | None = None
    tools: Annotated[list[ToolSpec], Field(max_length=128)] | None = None
    top_logprobs: Annotated[Int, Field(ge=0, le=20)] | None = None
    top_p: Fraction | None = None
    top_k: Annotated[Int, Field(ge=0, le=1_000_000)] | None = None
    min_p: Fraction | None = None
    swarmcode: SwarmCode | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> ChatRequest:
        names = [tool.function.name for tool in self.tools or ()]
        if len(set(names)) < len(names):
            raise ValueError("tools: two of them have the same name")
        self._check_choice(names)
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs: needs logprobs to be true")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options: is for streams, and stream is not true")
        return self

    def _check_choice(self, names: list[str]) -> None:
        choice = self.tool_choice
        if choice == "required" and not names and not self._auto_tools:
            raise ValueError("tool_choice: requires a call, and there are no tools")
        if isinstance(choice, NamedTool) and choice.function.name not in names:
            raise ValueError(f"tool_choice: {choice.function.name!r} is not one of the tools")

    @property
    def _auto_tools(self) -> bool:
        return self.swarmcode is not None and bool(self.swarmcode.auto_tools)

    def unknown(self) -> Json:
        """Fields that neither OpenAI's API nor ours has an effect for."""
        extra: dict[str, Any] = self.model_extra or {}
        return {name: value for name, value in extra.items() if name not in WITHOUT_EFFECT}
