"""From a request as it was sent to a question for the engine, with the server's own defaults."""

from __future__ import annotations

from .engines import Ask, ResponseFormat, Sampling, ToolChoice
from .errors import BadRequestError
from .settings import ServeConfig
from .wire.chat_request import ChatRequest
from .wire.completion_request import CompletionRequest
from .wire.fields import NamedTool, Stop, TextFormat

# Fields of older or other APIs that would change the answer. Ignoring them would be a lie.
_REFUSED = {
    "functions": "send `tools` instead",
    "function_call": "send `tool_choice` instead",
    "audio": "this server answers with text alone",
    "web_search_options": "this server does not search the web",
    "suffix": "these models do not fill in the middle",
    "best_of": "send `n` instead",
}


def ask_of_chat(request: ChatRequest, settings: ServeConfig, *, passes_unknown: bool) -> Ask:
    """Read a chat completion request."""
    unknown = request.unknown()
    _check_unknown(unknown, passes=passes_unknown)
    _check_choices(request.n, settings)
    return Ask(
        model=request.model,
        messages=tuple(message.model_dump(exclude_unset=True) for message in request.messages),
        tools=tuple(tool.model_dump(exclude_unset=True) for tool in request.tools or ()),
        tool_choice=_tool_choice(request),
        parallel_tool_calls=request.parallel_tool_calls is not False,
        sampling=_sampling(
            request, settings, most=request.max_completion_tokens or request.max_tokens
        ),
        format=_format(request.response_format),
        choices=request.n or 1,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        extra=unknown,
    )


def asks_of_completion(
    request: CompletionRequest, settings: ServeConfig, *, passes_unknown: bool
) -> list[Ask]:
    """Read a completion request: one question for each prompt."""
    unknown = dict(request.model_extra or {})
    unknown.pop("user", None)
    _check_unknown(unknown, passes=passes_unknown)
    _check_choices(request.n, settings)
    prompts = request.prompts()
    if len(prompts) > settings.limits.prompts:
        raise BadRequestError(
            f"{len(prompts)} prompts in one request, and {settings.limits.prompts} is the limit",
            param="prompt",
        )
    most = 16 if request.max_tokens is None else request.max_tokens  # as OpenAI's API has it
    sampling = _sampling(request, settings, most=most)
    return [
        Ask(
            model=request.model,
            prompt=prompt,
            sampling=sampling,
            choices=request.n or 1,
            logprobs=request.logprobs,
            extra=unknown,
        )
        for prompt in prompts
    ]


def _check_unknown(unknown: dict[str, object], *, passes: bool) -> None:
    for name, value in unknown.items():
        if name in _REFUSED:
            raise BadRequestError(
                f"{name} is not supported: {_REFUSED[name]}",
                code="unsupported_parameter",
                param=name,
            )
        if not passes and value is not None:
            raise BadRequestError(
                f"unknown field {name!r}: leave it out", code="unknown_parameter", param=name
            )


def _check_choices(choices: int | None, settings: ServeConfig) -> None:
    if (choices or 1) > settings.limits.choices:
        raise BadRequestError(
            f"n is {choices}, and {settings.limits.choices} is the limit", param="n"
        )


def _sampling(
    request: ChatRequest | CompletionRequest, settings: ServeConfig, *, most: int | None
) -> Sampling:
    temperature = request.temperature
    if temperature is None and _applies("temperature", settings):
        temperature = settings.temperature
    if most is None and _applies("max_tokens", settings):
        most = settings.max_tokens
    return Sampling(
        max_tokens=most,
        temperature=temperature,
        top_p=1.0 if request.top_p is None else request.top_p,
        top_k=request.top_k or 0,
        min_p=request.min_p or 0.0,
        frequency_penalty=request.frequency_penalty or 0.0,
        presence_penalty=request.presence_penalty or 0.0,
        logit_bias={int(token): bias for token, bias in (request.logit_bias or {}).items()},
        seed=request.seed,
        stop=_stops(request.stop),
    )


def _applies(name: str, settings: ServeConfig) -> bool:
    """Whether a default of ours holds. An upstream has its own; only what was set overrides it."""
    return not settings.upstreams or name in settings.model_fields_set


def _stops(stop: Stop | None) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _tool_choice(request: ChatRequest) -> ToolChoice:
    choice = request.tool_choice
    if isinstance(choice, NamedTool):
        return ToolChoice("required", choice.function.name)
    return ToolChoice(choice or "auto")


def _format(asked: TextFormat | None) -> ResponseFormat:
    if asked is None or asked.type == "text":
        return ResponseFormat()
    if asked.json_schema is None:
        return ResponseFormat("json_object")
    spec = asked.json_schema
    return ResponseFormat("json_schema", spec.schema_, spec.name, spec.strict is True)
