"""What a model's answer is made of: text, and calls of tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import untrusted_json


@dataclass(frozen=True, slots=True)
class Text:
    """Some of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call. `arguments` is JSON text, as OpenAI has it, so that nothing is lost on the way."""

    name: str
    arguments: str
    id: str | None = None


Piece: TypeAlias = Text | ToolCall


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole answer: its text without the calls, and the calls in their order."""

    text: str
    calls: tuple[ToolCall, ...]


def call_from(value: object, names: frozenset[str] | None) -> list[ToolCall] | None:
    """Read calls from a JSON value in any of the shapes that models use; None where it is none.

    With `names`, a call of any other tool is text.
    """
    if isinstance(value, list):
        found = [call_from(item, names) for item in value]
        if not found or any(calls is None for calls in found):
            return None
        return [call for calls in found if calls is not None for call in calls]
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("tool_calls"), list):
        return call_from(value["tool_calls"], names)
    inner = value.get("function")
    if isinstance(inner, Mapping):
        return _one(inner, names, identifier=value.get("id"))
    return _one(value, names, identifier=value.get("id"))


def _one(
    value: Mapping[Any, Any], names: frozenset[str] | None, *, identifier: object
) -> list[ToolCall] | None:
    name = value.get("name")
    if not isinstance(name, str) or not name or (names is not None and name not in names):
        return None
    for key in ("arguments", "parameters", "input"):
        if key in value:
            arguments = as_json(value[key])
            break
    else:
        if names is None:
            return None  # an object that happens to have a name
        arguments = "{}"
    if arguments is None:
        return None
    return [ToolCall(name, arguments, identifier if isinstance(identifier, str) else None)]


def as_json(value: object) -> str | None:
    """Return arguments as JSON text; an object that came as text stays as it was written."""
    if value is None:
        return "{}"
    if isinstance(value, str):
        if not value.strip():
            return "{}"
        try:
            return value if isinstance(untrusted_json.loads(value), dict) else None
        except (ValueError, RecursionError):
            return None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else None
