"""Bugs in comparisons: the wrong side of a boundary, the wrong direction, the wrong sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from ._python import Mutator, Proposal, Scope, mutator, replace, spaced_like

_BOUNDARY: Mapping[type, type] = {
    cst.LessThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.LessThan,
    cst.GreaterThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.GreaterThan,
}
_DIRECTION: Mapping[type, type] = {
    cst.LessThan: cst.GreaterThan,
    cst.LessThanEqual: cst.GreaterThanEqual,
    cst.GreaterThan: cst.LessThan,
    cst.GreaterThanEqual: cst.LessThanEqual,
}
_SENSE: Mapping[type, type] = {
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
    cst.Is: cst.IsNot,
    cst.IsNot: cst.Is,
    cst.In: cst.NotIn,
    cst.NotIn: cst.In,
}
_IDENTITY: Mapping[type, type] = {
    cst.Is: cst.Equal,
    cst.IsNot: cst.NotEqual,
    cst.Equal: cst.Is,
    cst.NotEqual: cst.IsNot,
}


def _exchanged(node: cst.Comparison, table: Mapping[type, type]) -> Iterator[Proposal]:
    for at, target in enumerate(node.comparisons):
        other = table.get(type(target.operator))
        if other is not None:
            changed = target.with_changes(operator=spaced_like(target.operator, other))
            targets = (*node.comparisons[:at], changed, *node.comparisons[at + 1 :])
            yield replace(node, node.with_changes(comparisons=targets))


@mutator("boundary", cst.Comparison)
def boundary(node: cst.Comparison, _scope: Scope) -> Iterator[Proposal]:
    """Move a comparison to the other side of its boundary."""
    return _exchanged(node, _BOUNDARY)


@mutator("comparison-direction", cst.Comparison)
def direction(node: cst.Comparison, _scope: Scope) -> Iterator[Proposal]:
    """Turn a comparison around."""
    return _exchanged(node, _DIRECTION)


@mutator("comparison-sense", cst.Comparison)
def sense(node: cst.Comparison, _scope: Scope) -> Iterator[Proposal]:
    """Invert ==, is or in."""
    return _exchanged(node, _SENSE)


@mutator("identity", cst.Comparison)
def identity(node: cst.Comparison, _scope: Scope) -> Iterator[Proposal]:
    """Confuse is with ==."""
    literal = (cst.SimpleString, cst.Integer, cst.Float, cst.Tuple, cst.List, cst.Dict)
    if not any(isinstance(target.comparator, literal) for target in node.comparisons):
        yield from _exchanged(node, _IDENTITY)


COMPARISONS: tuple[Mutator, ...] = (
    boundary,
    direction,
    sense,
    identity,
)
