"""From a conversation to the tokens of a prompt, by the model's own chat template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from swarmcode_agent import untrusted_json

from ...errors import BadRequestError
from ..ask import Ask, Json

_TOOLS = """You may call these tools:

{tools}

To call one, write, on lines of its own:
<tool_call>
{{"name": "<the tool>", "arguments": {{…}}}}
</tool_call>"""


def written(ask: Ask, tokenizer: Any) -> str:
    """Return the prompt as text. Raises BadRequestError."""
    if isinstance(ask.prompt, str):
        return ask.prompt
    template = tokenizer.chat_template
    if template is None:
        raise BadRequestError(
            "this model has no chat template: use /v1/completions", code="no_chat_template"
        )
    messages = [_plain(message) for message in ask.messages]
    tools = list(ask.tools) if ask.tool_choice.mode != "none" else []
    if tools and "tools" not in str(template):
        messages, tools = _with_tools_in_words(messages, tools), []
    try:
        text = tokenizer.apply_chat_template(
            messages, tools=tools or None, add_generation_prompt=True, tokenize=False
        )
    except Exception as error:  # noqa: BLE001 - whatever a template written by others raises
        raise BadRequestError(
            f"the model's chat template refuses these messages: {error}", param="messages"
        ) from None
    return str(text)


def tokens(text: str, tokenizer: Any, *, chat: bool) -> tuple[int, ...]:
    """Encode a prompt; a chat template writes the special tokens itself."""
    encoded = tokenizer(text, add_special_tokens=not chat)["input_ids"]
    return tuple(encoded)


def _plain(message: Json) -> Json:
    """A message as chat templates know it: text content, known roles, arguments as objects."""
    plain: Json = {**message, "content": _text(message.get("content"))}
    if plain["role"] == "developer":
        plain["role"] = "system"
    if calls := message.get("tool_calls"):
        plain["tool_calls"] = [_plain_call(call) for call in calls]
    return plain


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or part.get("refusal") or "") for part in content)
    return "" if content is None else str(content)


def _plain_call(call: Mapping[str, Any]) -> Json:
    function = call["function"]
    try:
        arguments = untrusted_json.loads(function["arguments"] or "{}")
    except ValueError:
        arguments = function["arguments"]
    return {**call, "function": {**function, "arguments": arguments}}


def _with_tools_in_words(messages: Sequence[Json], tools: Sequence[Json]) -> list[Json]:
    """Tell of the tools in the system message, where the template has no place for them."""
    told = _TOOLS.format(tools="\n".join(json.dumps(tool["function"]) for tool in tools))
    if messages and messages[0]["role"] == "system":
        first, rest = messages[0], messages[1:]
        return [{**first, "content": f"{first['content']}\n\n{told}"}, *rest]
    return [{"role": "system", "content": told}, *messages]
