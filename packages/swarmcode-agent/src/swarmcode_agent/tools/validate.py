"""Check a call's arguments, and say what a model needs to correct them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from .. import untrusted_json
from ..errors import ToolArgumentError
from .declare import Declaration, Parameter

_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def validated(declaration: Declaration, arguments: object) -> dict[str, Any]:
    """Return the arguments as the method takes them.

    Numbers and truth values that came as text are read; nothing else is guessed. Raises
    ToolArgumentError with every fault, and the call's right form.
    """
    if isinstance(arguments, str):
        arguments = _from_text(declaration, arguments)
    if not isinstance(arguments, Mapping):
        raise ToolArgumentError(_told(declaration, ["the arguments must be a JSON object"]))
    known = {parameter.name: parameter for parameter in declaration.parameters}
    faults = [_unknown(name, known) for name in arguments if name not in known]
    result: dict[str, Any] = {}
    for parameter in declaration.parameters:
        value = arguments.get(parameter.name)
        if value is None:
            if parameter.required:
                faults.append(f"{parameter.name!r} is missing")
            continue
        try:
            result[parameter.name] = _value(value, parameter.schema)
        except ValueError as error:
            faults.append(f"{parameter.name!r} {error}")
    if faults:
        raise ToolArgumentError(_told(declaration, faults))
    return result


def _from_text(declaration: Declaration, text: str) -> object:
    try:
        return untrusted_json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        fault = f"the arguments are not JSON ({error})"
        raise ToolArgumentError(_told(declaration, [fault])) from None


def _unknown(name: object, known: Mapping[str, Parameter]) -> str:
    near = difflib.get_close_matches(str(name), known, n=1)
    return f"{name!r} is no argument" + (f" (did you mean {near[0]!r}?)" if near else "")


def _value(value: object, schema: Mapping[str, Any]) -> object:
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            try:
                return _value(value, option)
            except ValueError:
                continue
        raise ValueError(f"is {_kind(value)}, which none of its types takes")
    kind = schema["type"]
    value = _read(value, kind)
    fits = isinstance(value, _PYTHON[kind]) and not (isinstance(value, bool) and kind != "boolean")
    if not fits:
        raise ValueError(f"must be {_article(kind)}, and is {_kind(value)}")
    if "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"must be one of {', '.join(map(repr, schema['enum']))}")
    if isinstance(value, list):
        return [_value(item, schema["items"]) for item in value]
    return value


def _read(value: object, kind: str) -> object:
    """Read what models write as text though it is none: `"3"`, `"true"`, `3.0`."""
    if isinstance(value, str) and kind in {"integer", "number", "boolean"}:
        try:
            read = untrusted_json.loads(value.strip().lower())
        except ValueError:
            return value
        return _read(read, kind) if not isinstance(read, str) else value
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"


def _kind(value: object) -> str:
    names = {str: "a string", bool: "a boolean", int: "an integer", float: "a number"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")


def _told(declaration: Declaration, faults: list[str]) -> str:
    shown = ", ".join(
        f"{p.name}: {p.schema.get('type', 'any')}" + ("" if p.required else " (optional)")
        for p in declaration.parameters
    )
    return f"{declaration.name}: {'; '.join(faults)}. It takes ({shown})"
