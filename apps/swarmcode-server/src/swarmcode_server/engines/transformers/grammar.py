"""What an answer's text must follow, compiled for the model's tokens."""

from __future__ import annotations

import json
import threading
from typing import Any

from ...errors import BadRequestError
from ..ask import Ask, Json
from .libraries import library

_LARGEST = 100_000  # characters of a schema


class Grammars:
    """Compiles schemas, one at a time, and keeps the latest."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, ends: frozenset[int]) -> None:
        self._tokenizer, self._vocabulary, self._ends = tokenizer, vocabulary, ends
        self._compiler: Any = None
        self._lock = threading.Lock()

    def compiled(self, ask: Ask) -> Any:
        """What the text must follow, or None where it may be anything. Raises BadRequestError."""
        schema, param = constraint_of(ask)
        if schema is None:
            return None
        text = json.dumps(schema)
        if len(text) > _LARGEST:
            raise BadRequestError(
                f"the schema has {len(text)} characters, and {_LARGEST} is the limit", param=param
            )
        try:
            with self._lock:
                return self._ready().compile_json_schema(text, any_whitespace=False)
        except (RuntimeError, ValueError, TypeError) as error:
            reason = str(error).strip().splitlines()[-1][-300:]
            raise BadRequestError(
                f"the schema cannot be followed: {reason}", code="invalid_schema", param=param
            ) from None

    def matcher(self, compiled: Any) -> Any:
        """Follow one text."""
        return library("xgrammar").GrammarMatcher(compiled)

    def _ready(self) -> Any:
        if self._compiler is None:
            xgrammar = library("xgrammar")
            info = xgrammar.TokenizerInfo.from_huggingface(
                self._tokenizer, vocab_size=self._vocabulary, stop_token_ids=sorted(self._ends)
            )
            self._compiler = xgrammar.GrammarCompiler(info, max_threads=1)
        return self._compiler


def constraint_of(ask: Ask) -> tuple[Json | None, str]:
    """The schema that the text must follow, and the field that asks for it."""
    if ask.tools and ask.tool_choice.mode == "required":
        names = [ask.tool_choice.name] if ask.tool_choice.name else None
        tools = [t for t in ask.tools if names is None or t["function"]["name"] in names]
        definitions: Json = {}
        calls = [_call(tool, definitions) for tool in tools]
        call = calls[0] if len(calls) == 1 else {"anyOf": calls}
        return ({**call, "$defs": definitions} if definitions else call), "tools"
    if ask.format.kind == "json_object":
        return {"type": "object"}, "response_format"
    return ask.format.schema, "response_format"


def _call(tool: Json, definitions: Json) -> Json:
    """One call as JSON. What its parameters define moves up, where `$ref` looks for it."""
    function = tool["function"]
    arguments = dict(function.get("parameters") or {"type": "object"})
    for name, defined in (arguments.pop("$defs", None) or {}).items():
        if definitions.setdefault(name, defined) != defined:
            raise BadRequestError(f"two tools define {name!r} differently", param="tools")
    return {
        "type": "object",
        "properties": {"name": {"const": function["name"]}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
