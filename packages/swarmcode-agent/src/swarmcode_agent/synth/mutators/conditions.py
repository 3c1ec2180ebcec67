"""Bugs in conditions: negated, half forgotten, joined by the wrong word, with swapped arms."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ._python import Mutator, Proposal, Scope, mutator, negated, replace, spaced_like


def _is_not(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not)


@mutator(
    "negated-condition",
    cst.If,
    cst.While,
    cst.IfExp,
    cst.CompIf,
    cst.Assert,
)
def negated_condition(
    node: cst.If | cst.While | cst.IfExp | cst.CompIf | cst.Assert, _scope: Scope
) -> Iterator[Proposal]:
    """Negate what an if, a while or an assert asks."""
    test = node.test
    if isinstance(test, cst.UnaryOperation) and _is_not(test):
        yield replace(test, test.expression)
    elif not isinstance(test, cst.Comparison):
        yield replace(test, negated(test))


@mutator("dropped-not", cst.UnaryOperation)
def dropped_not(node: cst.UnaryOperation, _scope: Scope) -> Iterator[Proposal]:
    """Forget a not or a minus."""
    if isinstance(node.operator, cst.Not | cst.Minus):
        yield replace(node, node.expression)


@mutator("and-or", cst.BooleanOperation)
def and_or(node: cst.BooleanOperation, _scope: Scope) -> Iterator[Proposal]:
    """Join two conditions by the wrong word."""
    kind = cst.Or if isinstance(node.operator, cst.And) else cst.And
    new = spaced_like(node.operator, kind)
    yield replace(node, node.with_changes(operator=new))


@mutator("dropped-clause", cst.BooleanOperation)
def dropped_clause(node: cst.BooleanOperation, _scope: Scope) -> Iterator[Proposal]:
    """Forget one half of a condition."""
    if not node.lpar:
        yield replace(node, node.left)
        yield replace(node, node.right)


@mutator("swapped-arms", cst.IfExp)
def swapped_arms(node: cst.IfExp, _scope: Scope) -> Iterator[Proposal]:
    """Swap the arms of a conditional expression."""
    if not node.body.deep_equals(node.orelse):
        yield replace(node, node.with_changes(body=node.orelse, orelse=node.body))


CONDITIONS: tuple[Mutator, ...] = (
    negated_condition,
    dropped_not,
    and_or,
    dropped_clause,
    swapped_arms,
)
