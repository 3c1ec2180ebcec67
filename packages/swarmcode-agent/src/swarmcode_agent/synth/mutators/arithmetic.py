"""Bugs in arithmetic: off by one, operands swapped, the wrong operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from ._python import Mutator, Proposal, Scope, mutator, replace, same, spaced_like

_OPERATORS: Mapping[type, type] = {
    cst.Add: cst.Subtract,
    cst.Subtract: cst.Add,
    cst.Multiply: cst.Divide,
    cst.Divide: cst.FloorDivide,
    cst.FloorDivide: cst.Divide,
    cst.Modulo: cst.FloorDivide,
    cst.Power: cst.Multiply,
    cst.BitAnd: cst.BitOr,
    cst.BitOr: cst.BitAnd,
    cst.BitXor: cst.BitOr,
    cst.LeftShift: cst.RightShift,
    cst.RightShift: cst.LeftShift,
}
_AUGMENTED: Mapping[type, type] = {
    cst.AddAssign: cst.SubtractAssign,
    cst.SubtractAssign: cst.AddAssign,
    cst.MultiplyAssign: cst.DivideAssign,
    cst.DivideAssign: cst.MultiplyAssign,
    cst.BitAndAssign: cst.BitOrAssign,
    cst.BitOrAssign: cst.BitAndAssign,
}
_TEXT = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString, cst.List, cst.Tuple)


def off_by_one_values(node: cst.Integer) -> Iterator[cst.Integer]:
    """The integers beside a decimal one; nothing for 0x1F, which is rarely counted."""
    if node.value.isdecimal():
        value = int(node.value)
        yield node.with_changes(value=str(value + 1))
        if value:
            yield node.with_changes(value=str(value - 1))


@mutator("off-by-one", cst.Integer)
def off_by_one(node: cst.Integer, _scope: Scope) -> Iterator[Proposal]:
    """Count one too many or too few."""
    for new in off_by_one_values(node):
        yield replace(node, new)


@mutator("swapped-operands", cst.BinaryOperation)
def swapped_operands(node: cst.BinaryOperation, _scope: Scope) -> Iterator[Proposal]:
    """Swap operands whose order matters."""
    commutes = (cst.Add, cst.Multiply, cst.BitAnd, cst.BitOr, cst.BitXor)
    text = isinstance(node.left, _TEXT) or isinstance(node.right, _TEXT)
    if same(node.left, node.right) or isinstance(node.left, cst.SimpleString | cst.FormattedString):
        return
    if not isinstance(node.operator, commutes) or (text and isinstance(node.operator, cst.Add)):
        yield replace(node, node.with_changes(left=node.right, right=node.left))


@mutator("wrong-operator", cst.BinaryOperation)
def wrong_operator(node: cst.BinaryOperation, _scope: Scope) -> Iterator[Proposal]:
    """Compute with the neighbouring operator."""
    other = _OPERATORS.get(type(node.operator))
    text = isinstance(node.left, _TEXT) or isinstance(node.right, _TEXT)
    if other is not None and not text:
        yield replace(node, node.with_changes(operator=spaced_like(node.operator, other)))


@mutator("wrong-update", cst.AugAssign)
def wrong_augmented(node: cst.AugAssign, _scope: Scope) -> Iterator[Proposal]:
    """Update the wrong way, or overwrites."""
    other = _AUGMENTED.get(type(node.operator))
    if other is not None and not isinstance(node.value, _TEXT):
        yield replace(node, node.with_changes(operator=spaced_like(node.operator, other)))
    targets = [cst.AssignTarget(node.target)]
    yield replace(node, cst.Assign(targets, node.value, semicolon=node.semicolon))


ARITHMETIC: tuple[Mutator, ...] = (
    off_by_one,
    swapped_operands,
    wrong_operator,
    wrong_augmented,
)
