"""A question as an upstream is asked it: what the client said, and nothing that it did not."""

from __future__ import annotations

from typing import Any

from ..ask import Ask, Sampling


def path_of(ask: Ask) -> str:
    """Where a question is sent."""
    return "/chat/completions" if ask.prompt is None else "/completions"


def body_of(ask: Ask, model: str) -> dict[str, Any]:
    """The request. It is always a stream: a whole answer is put together here."""
    body: dict[str, Any] = {
        **ask.extra,
        **_sampling(ask.sampling),
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if ask.choices > 1:
        body["n"] = ask.choices
    if ask.prompt is None:
        return {**body, **_chat(ask)}
    body["prompt"] = ask.prompt if isinstance(ask.prompt, str) else list(ask.prompt)
    if ask.logprobs is not None:
        body["logprobs"] = ask.logprobs
    return body


def _chat(ask: Ask) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": list(ask.messages)}
    if ask.tools:
        body["tools"] = list(ask.tools)
        body["tool_choice"] = _choice(ask)
        if not ask.parallel_tool_calls:
            body["parallel_tool_calls"] = False
    if ask.logprobs is not None:
        body["logprobs"] = True
        body["top_logprobs"] = ask.logprobs
    if ask.format.kind == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif ask.format.kind == "json_schema":
        schema = {
            "name": ask.format.name,
            "schema": ask.format.schema,
            "strict": ask.format.strict,
        }
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _choice(ask: Ask) -> object:
    if ask.tool_choice.name is not None:
        return {"type": "function", "function": {"name": ask.tool_choice.name}}
    return ask.tool_choice.mode


def _sampling(sampling: Sampling) -> dict[str, Any]:
    told: dict[str, Any] = {
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": None if sampling.top_p == 1 else sampling.top_p,
        "top_k": sampling.top_k or None,
        "min_p": sampling.min_p or None,
        "frequency_penalty": sampling.frequency_penalty or None,
        "presence_penalty": sampling.presence_penalty or None,
        "logit_bias": {str(token): bias for token, bias in sampling.logit_bias.items()} or None,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    return {name: value for name, value in told.items() if value is not None}
