"""Bugs of whole statements: a lost return, a missing check, a resource that stays open."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ._python import (
    Delete,
    Mutator,
    Proposal,
    Scope,
    Unwrap,
    mutator,
    name_of,
    only_statement,
    replace,
    small_statement,
)

_CLEANUP = frozenset({"close", "release", "flush", "shutdown", "unlock", "cleanup", "disconnect"})


@mutator("lost-return", cst.Return)
def lost_return(node: cst.Return, _scope: Scope) -> Iterator[Proposal]:
    """Compute a result and do not return it."""
    if node.value is not None and not isinstance(node.value, cst.Name | cst.BaseString):
        yield replace(node, cst.Expr(node.value, semicolon=node.semicolon))


@mutator("wrong-result", cst.Return)
def wrong_result(node: cst.Return, _scope: Scope) -> Iterator[Proposal]:
    """Return None for a result."""
    value = node.value
    if value is None or (isinstance(value, cst.Name) and value.value == "None"):
        return
    if not isinstance(value, cst.Name) or value.value not in ("True", "False"):
        yield replace(value, cst.Name("None"))


@mutator("dropped-validation", cst.If, cst.SimpleStatementLine)
def dropped_validation(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Forget to refuse a bad value."""
    if isinstance(node, cst.If):
        if node.orelse is None and isinstance(only_statement(node.body), cst.Raise):
            yield (Delete(node),)
    elif isinstance(small_statement(node), cst.Assert):
        yield (Delete(node),)


@mutator("dropped-guard", cst.If)
def dropped_guard(node: cst.If, _scope: Scope) -> Iterator[Proposal]:
    """Forget a case that ends early."""
    leaves = (cst.Return, cst.Continue, cst.Break)
    if node.orelse is None and isinstance(only_statement(node.body), leaves):
        yield (Delete(node),)


@mutator("dropped-call", cst.SimpleStatementLine)
def dropped_call(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Forget to call something."""
    inner = small_statement(node)
    called = inner.value if isinstance(inner, cst.Expr) else None
    if isinstance(called, cst.Call | cst.Await) and name_of(called) not in _CLEANUP:
        yield (Delete(node),)


@mutator("dropped-assignment", cst.SimpleStatementLine)
def dropped_assignment(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Forget to store or to count."""
    inner = small_statement(node)
    if isinstance(inner, cst.AugAssign):
        yield (Delete(node),)
    elif isinstance(inner, cst.Assign):
        target = inner.targets[0].target
        if isinstance(target, cst.Attribute | cst.Subscript):
            yield (Delete(node),)


@mutator("open-resource", cst.SimpleStatementLine, cst.With)
def open_resource(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Leave open what was opened."""
    if isinstance(node, cst.SimpleStatementLine):
        inner = small_statement(node)
        if isinstance(inner, cst.Expr) and name_of(inner.value) in _CLEANUP:
            yield (Delete(node),)
    elif isinstance(node, cst.With) and len(node.items) == 1 and node.asynchronous is None:
        item, body = node.items[0], node.body
        if item.asname is not None and isinstance(body, cst.IndentedBlock):
            target = item.asname.name
            if isinstance(target, cst.Name | cst.Attribute):
                yield (Unwrap(node, cst.Assign([cst.AssignTarget(target)], item.item), body),)


STATEMENTS: tuple[Mutator, ...] = (
    lost_return,
    wrong_result,
    dropped_validation,
    dropped_guard,
    dropped_call,
    dropped_assignment,
    open_resource,
)
