"""The parts that several requests share. Types are strict: "5" is no number, and 1 is no truth."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

Str: TypeAlias = Annotated[str, Strict()]
Bool: TypeAlias = Annotated[bool, Strict()]
Int: TypeAlias = Annotated[int, Strict()]
Number: TypeAlias = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Json: TypeAlias = dict[str, Any]

SESSION = r"^[A-Za-z0-9_-]{1,64}$"
Name: TypeAlias = Annotated[str, Strict(), Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
ModelName: TypeAlias = Annotated[str, Strict(), Field(min_length=1, max_length=512)]
Tokens: TypeAlias = Annotated[int, Strict(), Field(ge=1, le=10_000_000)]
Seed: TypeAlias = Annotated[int, Strict(), Field(ge=-(2**63), le=2**63 - 1)]
Temperature: TypeAlias = Annotated[float, Strict(), Field(ge=0, le=2, allow_inf_nan=False)]
Fraction: TypeAlias = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Penalty: TypeAlias = Annotated[float, Strict(), Field(ge=-2, le=2, allow_inf_nan=False)]
Bias: TypeAlias = Annotated[float, Strict(), Field(ge=-100, le=100, allow_inf_nan=False)]
Choices: TypeAlias = Annotated[int, Strict(), Field(ge=1, le=128)]
StopString: TypeAlias = Annotated[str, Strict(), Field(min_length=1, max_length=1024)]
Stop: TypeAlias = StopString | Annotated[list[StopString], Field(max_length=16)]


class Open(BaseModel):
    """A part whose unknown fields are kept: an upstream may know them."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())


class FunctionSpec(Open):
    """A function that may be called."""

    name: Name
    description: Str | None = None
    parameters: Json | None = None
    strict: Bool | None = None


class ToolSpec(Open):
    """A tool that may be called."""

    type: Literal["function"]
    function: FunctionSpec


class NamedFunction(Open):
    """The name of a function."""

    name: Name


class NamedTool(Open):
    """The one tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class JsonSchemaSpec(Open):
    """A schema with its name."""

    name: Name
    description: Str | None = None
    schema_: Annotated[Json | None, Field(alias="schema")] = None
    strict: Bool | None = None


class TextFormat(Open):
    """What the text must be."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaSpec | None = None

    @model_validator(mode="after")
    def _has_its_schema(self) -> TextFormat:
        if self.type == "json_schema" and (
            self.json_schema is None or self.json_schema.schema_ is None
        ):
            raise ValueError("json_schema.schema is missing")
        return self


class StreamOptions(Open):
    """How a stream ends."""

    include_usage: Bool | None = None


class SwarmCode(BaseModel):
    """What OpenAI's API has no field for."""

    model_config = ConfigDict(extra="forbid")

    auto_tools: Bool | None = None
    session: Annotated[str, Strict(), Field(pattern=SESSION)] | None = None
    max_steps: Annotated[int, Strict(), Field(ge=1, le=1000)] | None = None
