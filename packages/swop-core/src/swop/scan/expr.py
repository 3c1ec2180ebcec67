"""Expressions, small enough to be cached: nested lists whose first item says what they are.

    ["n", name]                   a name
    ["a", value, attribute]       value.attribute
    ["s", value, [items]]         value[items]
    ["c", function, [args], {}]   function(args, keyword=…); what is starred is left out
    ["k", constant]               text, number, truth value or None
    ["o", operator, left, right]  left + right, left | right, left % right
    ["l", opening, [items]]       a tuple, list or set, by its opening bracket
    ["f", [parts]]                an f-string
    ["?", text]                   anything else, as its source text

They are what `ast` says, without what a scan does not need, and survive JSON unchanged.
"""

from __future__ import annotations

import ast
import math
from typing import Any

Expr = list[Any]
ELLIPSIS: Expr = ["?", "..."]

_OPERATORS: dict[type, str] = {ast.Add: "+", ast.BitOr: "|", ast.Mod: "%"}
_BRACKETS: dict[type, str] = {ast.Tuple: "(", ast.List: "[", ast.Set: "{"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def from_ast(node: ast.expr) -> Expr:
    """The compact form of an expression; opaque where it is nested too deeply to follow."""
    try:
        return _convert(node)
    except RecursionError:
        return ["?", "…"]


def _convert(node: ast.expr) -> Expr:
    kind = type(node)
    if kind is ast.Name:
        return ["n", node.id]  # type: ignore[attr-defined]
    if kind is ast.Constant:
        return _constant(node.value)  # type: ignore[attr-defined]
    if kind is ast.Attribute:
        return ["a", _convert(node.value), node.attr]  # type: ignore[attr-defined]
    return _compound(node)


def _compound(node: ast.expr) -> Expr:
    match node:
        case ast.Subscript(value=value, slice=ast.Tuple(elts=elts)):
            return ["s", _convert(value), [_convert(item) for item in elts]]
        case ast.Subscript(value=value, slice=index):
            return ["s", _convert(value), [_convert(index)]]
        case ast.Call(func=func, args=args, keywords=keywords):
            named = {word.arg: _convert(word.value) for word in keywords if word.arg}
            plain = [_convert(item) for item in args if not isinstance(item, ast.Starred)]
            return ["c", _convert(func), plain, named]
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return ["o", _OPERATORS[type(operator)], _convert(left), _convert(right)]
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return ["l", _BRACKETS[type(node)], [_convert(item) for item in elts]]
        case ast.JoinedStr(values=values):
            return ["f", [_joined_part(item) for item in values]]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return _constant(-number)
    return ["?", ast.unparse(node)]


def _joined_part(node: ast.expr) -> Expr:
    if isinstance(node, ast.FormattedValue):
        plain = node.conversion == -1 and node.format_spec is None
        return _convert(node.value) if plain else ["?", ast.unparse(node.value)]
    return _convert(node)


def _constant(value: object) -> Expr:
    if value is None or isinstance(value, bool):
        return ["k", value]
    if isinstance(value, str):
        return ["k", value] if _is_text(value) else ["?", repr(value)]
    if isinstance(value, int) and abs(value) < 2**200:
        return ["k", value]
    if isinstance(value, float) and math.isfinite(value):
        return ["k", value]
    if value is Ellipsis:
        return ELLIPSIS
    if isinstance(value, int):
        return ["?", hex(value)]
    return ["?", repr(value)]


def _is_text(value: str) -> bool:
    """Whether a string can be written as UTF-8: half a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_of(expr: Expr) -> str:
    """The source text of an expression, in one fixed layout."""
    match expr:
        case ["n", name] | ["?", name]:
            return str(name)
        case ["k", value]:
            return repr(value)
        case ["a", value, attribute]:
            return f"{text_of(value)}.{attribute}"
        case ["s", value, items]:
            return f"{text_of(value)}[{', '.join(map(text_of, items))}]"
        case ["c", function, args, named]:
            parts = [text_of(item) for item in args]
            parts += [f"{name}={text_of(value)}" for name, value in named.items()]
            return f"{text_of(function)}({', '.join(parts)})"
        case ["o", operator, left, right]:
            return f"{text_of(left)} {operator} {text_of(right)}"
        case ["l", opening, items]:
            inner = ", ".join(map(text_of, items))
            comma = "," if opening == "(" and len(items) == 1 else ""
            return (
                f"{opening}{inner}{comma}{_CLOSING[opening]}"
                if items or opening != "{"
                else "set()"
            )
        case ["f", parts]:
            return "f" + repr("".join(_joined_text(part) for part in parts))
    raise ValueError(f"not an expression: {expr!r}")


def _joined_text(part: Expr) -> str:
    if part[0] == "k":
        return str(part[1])
    return "{" + text_of(part) + "}"


def dotted(expr: Expr) -> str | None:
    """`a.b.c` for a chain of names, None for anything else."""
    parts: list[str] = []
    while expr[0] == "a":
        parts.append(expr[2])
        expr = expr[1]
    if expr[0] != "n":
        return None
    parts.append(expr[1])
    return ".".join(reversed(parts))


def name_expr(name: str) -> Expr:
    """The inverse of `dotted`."""
    first, *attributes = name.split(".")
    expr: Expr = ["n", first]
    for attribute in attributes:
        expr = ["a", expr, attribute]
    return expr


def last_name(expr: Expr) -> str | None:
    """The name an expression ends in: `c` of `a.b.c`, `H` of `H[T]` and of `H(…)`."""
    while expr[0] in "sc":
        expr = expr[1]
    if expr[0] == "n":
        return str(expr[1])
    return str(expr[2]) if expr[0] == "a" else None
