"""A tool's declaration, read from its signature and docstring: the one place that says it.

The first paragraph of the docstring describes the tool, the lines under `Args:` its parameters,
and the annotations their types. The schemas for OpenAI and MCP, and the validation of arguments,
all come from here.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

_ARGUMENT = re.compile(r"^\s{4}(\w+)(?:\s*\([^)]*\))?:\s*(.+)$")
_SIMPLE: dict[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool."""

    name: str
    schema: Mapping[str, Any]
    required: bool


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a tool is called, does and takes."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]

    @property
    def schema(self) -> dict[str, Any]:
        """The arguments as JSON Schema."""
        return {
            "type": "object",
            "properties": {p.name: dict(p.schema) for p in self.parameters},
            "required": [p.name for p in self.parameters if p.required],
            "additionalProperties": False,
        }

    def for_openai(self) -> dict[str, Any]:
        """The declaration as OpenAI's `tools` list has it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": self.schema,
            },
        }

    def for_mcp(self) -> dict[str, Any]:
        """The declaration as MCP's `tools/list` has it."""
        return {"name": self.name, "description": self.description, "inputSchema": self.schema}


@cache
def declare(method: Callable[..., object]) -> Declaration:
    """Read a tool's declaration. Raises TypeError for a type that JSON cannot carry."""
    description, told = _documentation(method)
    hints = typing.get_type_hints(method)
    parameters = []
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "self":
            continue
        schema = _schema(hints.get(name, str), where=f"{method.__qualname__}({name})")
        if name in told:
            schema["description"] = told[name]
        required = parameter.default is inspect.Parameter.empty
        if not required and parameter.default is not None:
            schema["default"] = parameter.default
        parameters.append(Parameter(name, schema, required))
    return Declaration(method.__name__, description, tuple(parameters))


def _documentation(method: Callable[..., object]) -> tuple[str, dict[str, str]]:
    text = inspect.getdoc(method) or method.__name__.replace("_", " ")
    head, _, tail = text.partition("\nArgs:\n")
    told: dict[str, str] = {}
    last = ""
    for line in tail.split("\n\n")[0].splitlines():
        if found := _ARGUMENT.match(line):
            last = found[1]
            told[last] = found[2].strip()
        elif last and line.strip():
            told[last] += " " + line.strip()
    return " ".join(head.split()), told


def _schema(hint: object, *, where: str) -> dict[str, Any]:
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(inside)}
    if origin is list:
        return {"type": "array", "items": _schema(inside[0], where=where)}
    if origin in {dict, Mapping} or hint is dict:
        return {"type": "object"}
    if origin in {Union, types.UnionType}:
        options = [option for option in inside if option is not type(None)]
        if len(options) == 1:
            return _schema(options[0], where=where)
        return {"anyOf": [_schema(option, where=where) for option in options]}
    raise TypeError(f"{where}: {hint!r} has no JSON type; use str, int, float, bool, list or dict")
