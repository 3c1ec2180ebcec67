"""Bugs in calls: arguments swapped or forgotten, a sibling called, an await forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from ._python import Mutator, Proposal, Scope, mutator, replace, same

_SIBLINGS: Mapping[str, str] = {
    "add": "discard",
    "all": "any",
    "any": "all",
    "append": "extend",
    "appendleft": "append",
    "ceil": "floor",
    "decode": "encode",
    "encode": "decode",
    "endswith": "startswith",
    "extend": "append",
    "find": "rfind",
    "floor": "ceil",
    "hasattr": "getattr",
    "isdigit": "isalpha",
    "isinstance": "issubclass",
    "issubclass": "isinstance",
    "items": "keys",
    "keys": "values",
    "ljust": "rjust",
    "lower": "upper",
    "lstrip": "rstrip",
    "max": "min",
    "min": "max",
    "partition": "rpartition",
    "pop": "get",
    "popleft": "pop",
    "rfind": "find",
    "rjust": "ljust",
    "rpartition": "partition",
    "rsplit": "split",
    "rstrip": "lstrip",
    "setdefault": "get",
    "split": "rsplit",
    "startswith": "endswith",
    "strip": "lstrip",
    "str": "repr",
    "repr": "str",
    "union": "intersection",
    "update": "setdefault",
    "upper": "lower",
    "values": "keys",
    "zip": "map",
}


def _plain(arg: cst.Arg) -> bool:
    return not arg.star and arg.keyword is None


@mutator("swapped-arguments", cst.Call)
def swapped_arguments(node: cst.Call, _scope: Scope) -> Iterator[Proposal]:
    """Swap two neighbouring arguments."""
    for at, (left, right) in enumerate(zip(node.args, node.args[1:], strict=False)):
        if not same(left.value, right.value) and (_plain(left) == _plain(right)):
            if left.star or right.star:
                continue
            pair = (left.with_changes(value=right.value), right.with_changes(value=left.value))
            args = (*node.args[:at], *pair, *node.args[at + 2 :])
            yield replace(node, node.with_changes(args=args))


@mutator("dropped-argument", cst.Call)
def dropped_argument(node: cst.Call, _scope: Scope) -> Iterator[Proposal]:
    """Forget an optional argument."""
    for at, arg in enumerate(node.args):
        optional = arg.keyword is not None or (at == len(node.args) - 1 and at > 0)
        if not optional or arg.star:
            continue
        args = [*node.args[:at], *node.args[at + 1 :]]
        if args and at == len(node.args) - 1:
            args[-1] = args[-1].with_changes(comma=arg.comma)
        yield replace(node, node.with_changes(args=args))


@mutator("sibling-call", cst.Call)
def sibling_call(node: cst.Call, _scope: Scope) -> Iterator[Proposal]:
    """Call the neighbour of the right function."""
    func = node.func
    name = func.attr if isinstance(func, cst.Attribute) else func
    if isinstance(name, cst.Name) and name.value in _SIBLINGS:
        yield replace(name, cst.Name(_SIBLINGS[name.value]))


@mutator("dropped-await", cst.Await)
def dropped_await(node: cst.Await, _scope: Scope) -> Iterator[Proposal]:
    """Forget an await."""
    yield replace(node, node.expression)


@mutator("dropped-conversion", cst.Call)
def dropped_conversion(node: cst.Call, _scope: Scope) -> Iterator[Proposal]:
    """Forget to convert or to normalise."""
    func = node.func
    alone = len(node.args) == 1 and _plain(node.args[0])
    if isinstance(func, cst.Attribute) and func.attr.value in _CONVERSIONS and not node.args:
        yield replace(node, func.value)
    elif isinstance(func, cst.Name) and func.value in _TYPES and alone:
        yield replace(node, node.args[0].value)


_CONVERSIONS = frozenset({"lower", "upper", "strip", "rstrip", "lstrip", "casefold", "resolve"})
_TYPES = frozenset({"abs", "bool", "float", "int", "len", "round", "str"})

CALLS: tuple[Mutator, ...] = (
    swapped_arguments,
    dropped_argument,
    sibling_call,
    dropped_await,
    dropped_conversion,
)
