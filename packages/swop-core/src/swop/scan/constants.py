"""Texts that a file states through constants: `BILLING`, `Ctx.BILLING.value`, `PREFIX + "x"`."""

from __future__ import annotations

from .expr import Expr
from .resolve import ClassRef, Place, Resolver, Value

MAX_TEXT = 1_000
_MAX_DEPTH = 16


def constant_text(expr: Expr, place: Place, resolver: Resolver, depth: int = 0) -> str | None:
    """The text an expression stands for, or None where it cannot be told without running it.

    Raises:
        ChainTooLongError: a name leads through too many others.
    """
    if depth > _MAX_DEPTH:
        return None
    match expr:
        case ["k", str(text)]:
            return text
        case ["n", _]:
            return _first(expr, place, resolver, depth)
        case ["a", value, "value"]:
            return constant_text(value, place, resolver, depth + 1) or _first(
                expr, place, resolver, depth
            )
        case ["a", _, _]:
            return _first(expr, place, resolver, depth)
        case ["o", "+", left, right]:
            return _joined([left, right], place, resolver, depth)
        case ["f", parts]:
            return _joined(parts, place, resolver, depth)
    return None


def _first(expr: Expr, place: Place, resolver: Resolver, depth: int) -> str | None:
    for target in resolver.follow(expr, place):
        if isinstance(target, Value) and target.expr != expr:
            text = constant_text(target.expr, target.place, resolver, depth + 1)
            if text is not None:
                return text
    return None


def _joined(parts: list[Expr], place: Place, resolver: Resolver, depth: int) -> str | None:
    texts: list[str] = []
    for part in parts:
        text = constant_text(part, place, resolver, depth + 1)
        if text is None or len(text) > MAX_TEXT:
            return None
        texts.append(text)
    return "".join(texts)


def reference_name(expr: Expr, place: Place, resolver: Resolver) -> str | None:
    """The name that a class or a text stands for, as in `emits=[InvoiceIssued, "Paid"]`."""
    text = constant_text(expr, place, resolver)
    if text is not None:
        return text
    for target in resolver.follow(expr, place):
        if isinstance(target, ClassRef):
            return resolver.class_facts(target).name
    if expr[0] == "n":
        return str(expr[1])
    return str(expr[2]) if expr[0] == "a" else None
