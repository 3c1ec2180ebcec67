"""Bugs in indexing and iteration: the wrong end, a slice one short, a range that starts late."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ._python import ATOMS, Mutator, Proposal, Scope, mutator, name_of, parenthesised, replace
from .arithmetic import off_by_one_values

_ONE = cst.Integer("1")


def shifted(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """Expressions one beside `node`: other integers, or `node + 1` and `node - 1`."""
    if isinstance(node, cst.Integer):
        yield from off_by_one_values(node)
    elif isinstance(node, cst.UnaryOperation) and isinstance(node.expression, cst.Integer):
        for value in off_by_one_values(node.expression):
            yield cst.Integer("0") if value.value == "0" else node.with_changes(expression=value)
    elif isinstance(node, cst.BinaryOperation) and isinstance(node.right, cst.Integer):
        if isinstance(node.operator, cst.Add | cst.Subtract):
            yield node.left
    elif isinstance(node, ATOMS):
        yield cst.BinaryOperation(parenthesised(node), cst.Add(), _ONE)
        yield cst.BinaryOperation(parenthesised(node), cst.Subtract(), _ONE)


@mutator("wrong-index", cst.Index)
def wrong_index(node: cst.Index, _scope: Scope) -> Iterator[Proposal]:
    """Take the element beside the right one."""
    value = node.value
    if isinstance(value, cst.Integer) and value.value == "0":
        yield replace(value, cst.UnaryOperation(cst.Minus(), _ONE))
    counted = isinstance(value, cst.Integer | cst.UnaryOperation | cst.BinaryOperation)
    if counted or (isinstance(value, cst.Name) and len(value.value) == 1):
        for new in shifted(value):
            yield replace(value, new)


@mutator("slice-bound", cst.Slice)
def slice_bound(node: cst.Slice, _scope: Scope) -> Iterator[Proposal]:
    """Cut a slice at the wrong place."""
    for bound in (node.lower, node.upper):
        if bound is not None:
            for new in shifted(bound):
                yield replace(bound, new)
    if node.lower is not None and node.upper is None:
        yield replace(node, node.with_changes(lower=None, upper=node.lower))
    if node.lower is None and node.upper is not None:
        yield replace(node, node.with_changes(lower=node.upper, upper=None))


@mutator("loop-range", cst.Call)
def loop_range(node: cst.Call, _scope: Scope) -> Iterator[Proposal]:
    """Run a loop over the wrong range."""
    called = node.func.value if isinstance(node.func, cst.Name) else ""
    if called == "range" and node.args:
        last = node.args[min(1, len(node.args) - 1)]
        for new in shifted(last.value):
            yield replace(last.value, new)
        if len(node.args) == 1:
            yield replace(node, node.with_changes(args=[cst.Arg(_ONE, comma=_COMMA), *node.args]))
    if called == "enumerate" and len(node.args) == 1:
        yield replace(node, node.with_changes(args=[_with_comma(node.args[0]), cst.Arg(_ONE)]))
    if called == "reversed" and len(node.args) == 1:
        yield replace(node, node.args[0].value)


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _with_comma(arg: cst.Arg) -> cst.Arg:
    return arg.with_changes(comma=_COMMA)


@mutator("break-continue", cst.Break, cst.Continue)
def break_continue(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Leave a loop instead of going on, or not."""
    if isinstance(node, cst.Break):
        yield replace(node, cst.Continue(semicolon=node.semicolon))
    elif isinstance(node, cst.Continue):
        yield replace(node, cst.Break(semicolon=node.semicolon))


@mutator("aliased-copy", cst.Call)
def aliased_copy(node: cst.Call, _scope: Scope) -> Iterator[Proposal]:
    """Share what should be copied or sorted."""
    if isinstance(node.func, cst.Attribute) and name_of(node) == "copy" and not node.args:
        yield replace(node, node.func.value)
    elif isinstance(node.func, cst.Name) and node.func.value in _COPIES and len(node.args) == 1:
        arg = node.args[0]
        if isinstance(arg.value, cst.Name | cst.Attribute) and not arg.star and not arg.keyword:
            yield replace(node, arg.value)


_COPIES = frozenset({"copy", "deepcopy", "dict", "list", "set", "sorted", "tuple"})

INDEXING: tuple[Mutator, ...] = (
    wrong_index,
    slice_bound,
    loop_range,
    break_continue,
    aliased_copy,
)
