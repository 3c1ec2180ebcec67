"""Bugs in values: a wrong default, a shared mutable default, a flag turned round, a wrong name."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from ._python import (
    Delete,
    Mutator,
    Proposal,
    Replace,
    Scope,
    mutator,
    name_of,
    only_statement,
    replace,
)
from .arithmetic import off_by_one_values

_CARRIERS = (
    cst.Arg,
    cst.Assign,
    cst.AnnAssign,
    cst.Index,
    cst.DictElement,
    cst.Return,
    cst.BinaryOperation,
    cst.Comparison,
)

_FLAGS = {"True": "False", "False": "True"}


@mutator("wrong-default", cst.Param)
def wrong_default(node: cst.Param, _scope: Scope) -> Iterator[Proposal]:
    """Give a parameter another default."""
    default = node.default
    if isinstance(default, cst.Name) and default.value in _FLAGS:
        yield replace(default, cst.Name(_FLAGS[default.value]))
    elif isinstance(default, cst.Name) and default.value == "None":
        yield replace(default, cst.Name("False"))
        yield replace(default, cst.SimpleString('""'))
    elif isinstance(default, cst.Integer):
        for new in off_by_one_values(default):
            yield replace(default, new)
    elif isinstance(default, cst.SimpleString) and default.raw_value:
        yield replace(default, cst.SimpleString(default.quote * 2))
    elif default is not None and not isinstance(default, cst.SimpleString):
        yield replace(default, cst.Name("None"))


def _fills_in(node: cst.CSTNode, name: str) -> cst.BaseExpression | None:
    """The empty container that `if name is None: name = []` would put in."""
    if not isinstance(node, cst.If) or node.orelse is not None:
        return None
    wanted = cst.parse_expression(f"{name} is None")
    inner = only_statement(node.body)
    if not node.test.deep_equals(wanted) or not isinstance(inner, cst.Assign):
        return None
    target = inner.targets[0].target
    empty = isinstance(inner.value, cst.List | cst.Dict) and not inner.value.elements
    if len(inner.targets) == 1 and isinstance(target, cst.Name) and target.value == name and empty:
        return inner.value
    return None


@mutator("mutable-default", cst.FunctionDef)
def mutable_default(node: cst.FunctionDef, _scope: Scope) -> Iterator[Proposal]:
    """Share one default list or dict by all calls."""
    for param in (*node.params.params, *node.params.kwonly_params):
        if not isinstance(param.default, cst.Name) or param.default.value != "None":
            continue
        for statement in node.body.body:
            container = _fills_in(statement, param.name.value)
            if container is not None:
                yield (Replace(param.default, container), Delete(statement))


@mutator("flipped-flag", *_CARRIERS)
def flipped_flag(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Pass True for False, or False for True."""
    for value in _values_in(node):
        if isinstance(value, cst.Name) and value.value in _FLAGS:
            yield replace(value, cst.Name(_FLAGS[value.value]))


@mutator("wrong-text", *_CARRIERS)
def wrong_text(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Write a key or word in the wrong case."""
    for value in _values_in(node):
        if isinstance(value, cst.SimpleString) and not value.prefix and len(value.quote) == 1:
            text = value.raw_value
            if text.isalpha() and text.islower():
                yield replace(value, cst.SimpleString(value.quote + text.upper() + value.quote))
            elif text == " ":
                yield replace(value, cst.SimpleString(value.quote * 2))


def _values_in(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The expressions that a node passes on: arguments, results, operands, elements."""
    if isinstance(node, cst.Arg | cst.Assign | cst.AnnAssign | cst.Index | cst.DictElement):
        if node.value is not None:
            yield node.value
    elif isinstance(node, cst.Return) and node.value is not None:
        yield node.value
    elif isinstance(node, cst.BinaryOperation):
        yield from (node.left, node.right)
    elif isinstance(node, cst.Comparison):
        yield node.left
        yield from (target.comparator for target in node.comparisons)


def _neighbours(name: str, known: tuple[str, ...]) -> Iterator[str]:
    """At most two names that stand beside `name` in the order of their first use."""
    if name in known:
        at = known.index(name)
        near = (known[at - 1] if at else None, known[at + 1] if at + 1 < len(known) else None)
        yield from (other for other in near if other)


@mutator("wrong-variable", *_CARRIERS)
def wrong_variable(node: cst.CSTNode, scope: Scope) -> Iterator[Proposal]:
    """Use the variable beside the right one."""
    for value in _values_in(node):
        if isinstance(value, cst.Name) and value.value not in ("self", "cls"):
            for other in _neighbours(value.value, scope.names):
                yield replace(value, value.with_changes(value=other))


@mutator("wrong-attribute", *_CARRIERS)
def wrong_attribute(node: cst.CSTNode, scope: Scope) -> Iterator[Proposal]:
    """Use the attribute beside the right one."""
    for value in _values_in(node):
        if isinstance(value, cst.Attribute) and name_of(value.value) in ("self", "cls"):
            for other in _neighbours(value.attr.value, scope.attributes):
                yield replace(value.attr, cst.Name(other))


@mutator("swapped-targets", cst.AssignTarget, cst.For)
def swapped_targets(node: cst.AssignTarget | cst.For, _scope: Scope) -> Iterator[Proposal]:
    """Unpack into the wrong names."""
    target = node.target
    if isinstance(target, cst.Tuple) and len(target.elements) == 2:
        first, second = target.elements
        if isinstance(first, cst.Element) and isinstance(second, cst.Element):
            swapped = (
                first.with_changes(value=second.value),
                second.with_changes(value=first.value),
            )
            yield replace(target, target.with_changes(elements=swapped))


VALUES: tuple[Mutator, ...] = (
    wrong_default,
    mutable_default,
    flipped_flag,
    wrong_text,
    wrong_variable,
    wrong_attribute,
    swapped_targets,
)
