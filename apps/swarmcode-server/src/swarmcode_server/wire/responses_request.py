"""`POST /v1/responses`: the request, read and checked, and its items as a conversation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Strict, model_validator

from .fields import (
    Bool,
    Fraction,
    Int,
    Json,
    ModelName,
    Name,
    Open,
    Str,
    Temperature,
    Tokens,
)

# Fields that say nothing about the answer's text; they are taken and change nothing here.
WITHOUT_EFFECT = frozenset({
    "include", "metadata", "prompt_cache_key", "prompt_cache_retention", "reasoning",
    "safety_identifier", "service_tier", "store", "stream_options", "truncation", "user",
})  # fmt: skip


class Part(Open):
    """A piece of a message."""

    type: Literal["input_text", "output_text", "text", "refusal"]
    text: Str | None = None
    refusal: Str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Part:
        if self.text is None and self.refusal is None:
            raise ValueError("text is missing")
        return self


class MessageItem(Open):
    """A message of the conversation."""

    type: Literal["message"] = "message"
    role: Literal["system", "developer", "user", "assistant"]
    content: Str | list[Part]


class CallItem(Open):
    """A call that the model made earlier."""

    type: Literal["function_call"]
    call_id: Annotated[str, Strict(), Field(min_length=1, max_length=256)]
    name: Name
    arguments: Str


class OutputItem(Open):
    """What came of a call."""

    type: Literal["function_call_output"]
    call_id: Annotated[str, Strict(), Field(min_length=1, max_length=256)]
    output: Str | list[Part]


class ReasoningItem(Open):
    """What another model thought; it is not shown to this one."""

    type: Literal["reasoning"]


Item = CallItem | OutputItem | ReasoningItem | MessageItem


class FlatTool(Open):
    """A function that may be called."""

    type: Literal["function"]
    name: Name
    description: Str | None = None
    parameters: Json | None = None
    strict: Bool | None = None


class FlatChoice(Open):
    """The one function that must be called."""

    type: Literal["function"]
    name: Name


class FlatFormat(Open):
    """What the text must be."""

    type: Literal["text", "json_object", "json_schema"]
    name: Name | None = None
    schema_: Annotated[Json | None, Field(alias="schema")] = None
    strict: Bool | None = None

    @model_validator(mode="after")
    def _has_its_schema(self) -> FlatFormat:
        if self.type == "json_schema" and (self.schema_ is None or self.name is None):
            raise ValueError("name or schema is missing")
        return self


class TextOptions(Open):
    """How the text is to be."""

    format: FlatFormat | None = None


class ResponsesRequest(Open):
    """Items to answer, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": "my-model", "input": "Say hello.", "max_output_tokens": 16}]
        }
    )

    model: ModelName
    input: Str | Annotated[list[Item], Field(min_length=1, max_length=10_000)]
    instructions: Str | None = None
    max_output_tokens: Tokens | None = None
    parallel_tool_calls: Bool | None = None
    previous_response_id: Annotated[str, Strict(), Field(max_length=256)] | None = None
    store: Bool | None = None
    stream: Bool | None = None
    temperature: Temperature | None = None
    text: TextOptions | None = None
    tool_choice: Literal["auto", "none", "required"] | FlatChoice | None = None
    tools: Annotated[list[FlatTool], Field(max_length=128)] | None = None
    top_logprobs: Annotated[Int, Field(ge=0, le=20)] | None = None
    top_p: Fraction | None = None
    metadata: Json | None = None

    def messages(self) -> list[Json]:
        """The input as a chat conversation."""
        if isinstance(self.input, str):
            return [{"role": "user", "content": self.input}]
        found: list[Json] = []
        for item in self.input:
            _add(found, item)
        return found

    def as_chat(self, before: list[Json]) -> Json:
        """The request as a chat completion's, after the conversation that it goes on with."""
        head = [{"role": "developer", "content": self.instructions}] if self.instructions else []
        extra: dict[str, Any] = self.model_extra or {}
        told = {
            "model": self.model,
            "messages": [*head, *before, *self.messages()],
            "max_completion_tokens": self.max_output_tokens,
            "parallel_tool_calls": self.parallel_tool_calls,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "tools": [_nested(tool) for tool in self.tools or ()] or None,
            "tool_choice": self._choice(),
            "response_format": self._format(),
            **({"logprobs": True, "top_logprobs": self.top_logprobs} if self.top_logprobs else {}),
            **{name: value for name, value in extra.items() if name not in WITHOUT_EFFECT},
        }
        return {name: value for name, value in told.items() if value is not None}

    def _choice(self) -> object:
        if isinstance(self.tool_choice, FlatChoice):
            return {"type": "function", "function": {"name": self.tool_choice.name}}
        return self.tool_choice

    def _format(self) -> Json | None:
        format_ = self.text.format if self.text else None
        if format_ is None:
            return None
        if format_.type != "json_schema":
            return {"type": format_.type}
        spec = {"name": format_.name, "schema": format_.schema_, "strict": format_.strict}
        return {"type": "json_schema", "json_schema": spec}


def _nested(tool: FlatTool) -> Json:
    told = tool.model_dump(exclude_unset=True)
    kind = told.pop("type")
    return {"type": kind, "function": told}


def _add(messages: list[Json], item: Item) -> None:
    """Add one item. Calls that follow each other are one message of the assistant's."""
    if isinstance(item, MessageItem):
        messages.append({"role": item.role, "content": _text(item.content)})
    elif isinstance(item, OutputItem):
        told = {"tool_call_id": item.call_id, "content": _text(item.output)}
        messages.append({"role": "tool", **told})
    elif isinstance(item, CallItem):
        function = {"name": item.name, "arguments": item.arguments}
        call = {"id": item.call_id, "type": "function", "function": function}
        if messages and messages[-1]["role"] == "assistant":
            messages[-1].setdefault("tool_calls", []).append(call)
        else:
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _text(content: str | list[Part]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.text or part.refusal or "" for part in content)
