"""`POST /v1/completions`: the request, read and checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, Strict, model_validator

from .fields import (
    Bias,
    Bool,
    Choices,
    Fraction,
    Int,
    ModelName,
    Open,
    Penalty,
    Seed,
    Stop,
    Str,
    StreamOptions,
    Temperature,
)

TokenId = Annotated[int, Strict(), Field(ge=0, le=10_000_000)]
Prompts = (
    Str
    | Annotated[list[Str], Field(min_length=1)]
    | Annotated[list[TokenId], Field(min_length=1)]
    | Annotated[list[Annotated[list[TokenId], Field(min_length=1)]], Field(min_length=1)]
)


class CompletionRequest(Open):
    """Text to go on with."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": "my-model", "prompt": "def add(a, b):", "max_tokens": 16}]
        }
    )

    model: ModelName
    prompt: Prompts
    echo: Bool | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[Annotated[str, Field(pattern=r"^[0-9]{1,9}$")], Bias] | None = None
    logprobs: Annotated[Int, Field(ge=0, le=20)] | None = None
    max_tokens: Annotated[int, Strict(), Field(ge=0, le=10_000_000)] | None = None
    n: Choices | None = None
    presence_penalty: Penalty | None = None
    seed: Seed | None = None
    stop: Stop | None = None
    stream: Bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Temperature | None = None
    top_p: Fraction | None = None
    top_k: Annotated[Int, Field(ge=0, le=1_000_000)] | None = None
    min_p: Fraction | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> CompletionRequest:
        if self.echo and self.logprobs is not None:
            raise ValueError("echo: the prompt's own logprobs are not computed")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options: is for streams, and stream is not true")
        return self

    def prompts(self) -> list[str | tuple[int, ...]]:
        """Each prompt, as text or as tokens."""
        prompt = self.prompt
        if isinstance(prompt, str):
            return [prompt]
        if isinstance(prompt[0], int):
            return [tuple(prompt)]
        return [item if isinstance(item, str) else tuple(item) for item in prompt]
