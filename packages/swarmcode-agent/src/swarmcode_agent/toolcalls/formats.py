"""The formats in which models write calls: how each begins, ends, and is read.

A format is tried where its opening stands. If what follows is no call after all, it is text, and
not a character of it is lost.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .. import untrusted_json
from .model import ToolCall, as_json, call_from

Names: TypeAlias = frozenset[str] | None
Calls: TypeAlias = list[ToolCall] | None


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write calls.

    It begins with `opening`, at the start of a line if `line_start`. It ends with `closing`, or
    where its brackets close if that is empty; `spare` openings need no end tag at the very end.
    """

    name: str
    opening: str
    closing: str
    read: Callable[[str, Names], Calls]
    line_start: bool = False
    quotes: str = '"'


def _json(text: str) -> object:
    try:
        return untrusted_json.loads(text, strict=False)  # models leave line feeds in strings
    except (ValueError, RecursionError):
        return None


def _read_json(text: str, names: Names) -> Calls:
    return call_from(_json(text), names)


def _read_tagged(text: str, _: Names) -> Calls:
    """Hermes and Qwen: the tag says that it is a call, whatever the tool is called."""
    body = text.strip()
    if body.startswith("<function="):
        return _read_qwen(body)
    value = _json(body)
    calls = call_from(value, None)
    if calls is None and isinstance(value, dict) and isinstance(value.get("name"), str):
        return [ToolCall(value["name"], "{}")] if set(value) <= {"name", "id"} else None
    return calls


_FUNCTION = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\s]+)>\n?(.*?)\n?</parameter>", re.DOTALL)


def _read_qwen(body: str) -> Calls:
    """Qwen3-Coder: parameters as tags, whose text is the value."""
    found = _FUNCTION.match(body)
    if found is None:
        return None
    values = {name: _plain(text) for name, text in _PARAMETER.findall(found[2])}
    return [ToolCall(found[1], json.dumps(values, ensure_ascii=False))]


def _plain(text: str) -> object:
    """Read a number, truth value or structure; everything else is a string as it stands."""
    value = _json(text.strip())
    return text if value is None or isinstance(value, str) else value


def _read_function(text: str, _: Names) -> Calls:
    """Llama's `<function=name>{…}</function>`; `text` starts after `<function=`."""
    name, mark, body = text.partition(">")
    if not mark or not name.strip() or len(name) > 200:
        return None
    if body.lstrip().startswith("<parameter="):
        return _read_qwen(f"<function={text}")
    arguments = as_json(_json(body)) if body.strip() else "{}"
    return None if arguments is None else [ToolCall(name.strip(), arguments)]


def _read_fenced(text: str, names: Names) -> Calls:
    language, _, body = text.partition("\n")
    if language.strip() not in {"", "json", "tool_call", "tool_code", "tool"}:
        return None
    return call_from(_json(body), names)


def _read_python_tag(text: str, names: Names) -> Calls:
    calls = call_from(_json(text), None)
    return calls if calls is not None else _read_pythonic(text, names)


def _read_pythonic(text: str, names: Names) -> Calls:
    """`[read_file(path="a.py"), search(pattern="x")]`, with literals as arguments."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else [tree]
        calls = [_from_node(node, names) for node in nodes]
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return None
    found = [call for call in calls if call is not None]
    return found if found and len(found) == len(calls) else None


def _from_node(node: ast.expr, names: Names) -> ToolCall | None:
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        return None
    if names is not None and node.func.id not in names:
        return None
    if any(keyword.arg is None for keyword in node.keywords):
        return None
    values = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
    return ToolCall(node.func.id, json.dumps(values, ensure_ascii=False))


FORMATS = (
    Format("hermes", "<tool_call>", "</tool_call>", _read_tagged),
    Format("mistral", "[TOOL_CALLS]", "", _read_json),
    Format("llama-python-tag", "<|python_tag|>", "", _read_python_tag, quotes="\"'"),
    Format("llama-function", "<function=", "</function>", _read_function),
    Format("fenced", "```", "\n```", _read_fenced, line_start=True),
    Format("json", "{", "", _read_json, line_start=True),
    Format("pythonic", "[", "", _read_pythonic, line_start=True, quotes="\"'"),
)
