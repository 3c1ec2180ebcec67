"""What an engine is asked, after the request has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the answer is drawn."""

    max_tokens: int | None = None  # None: as many as the context has room for
    temperature: float | None = None  # None: as the model likes; here that is 1
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None
    stop: tuple[str, ...] = ()
    ignore_eos: bool = False


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether tools may, must, or must not be called; `name` where one alone must be."""

    mode: Literal["auto", "none", "required"] = "auto"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """What the text must be: any text, any JSON object, or JSON of a schema."""

    kind: Literal["text", "json_object", "json_schema"] = "text"
    schema: Json | None = None
    name: str = "answer"
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. It has messages (a chat) or a prompt (a completion), never both."""

    model: str
    messages: tuple[Json, ...] = ()
    prompt: str | tuple[int, ...] | None = None
    tools: tuple[Json, ...] = ()
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    parallel_tool_calls: bool = True
    sampling: Sampling = field(default_factory=Sampling)
    format: ResponseFormat = field(default_factory=ResponseFormat)
    choices: int = 1
    logprobs: int | None = None  # None: none; otherwise how many alternatives beside the token
    extra: Json = field(default_factory=dict)  # fields we do not know; an upstream may

    @property
    def tool_names(self) -> frozenset[str]:
        """What the tools are called."""
        return frozenset(str(tool["function"]["name"]) for tool in self.tools)
