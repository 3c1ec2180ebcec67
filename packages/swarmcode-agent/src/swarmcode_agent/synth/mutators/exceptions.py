"""Bugs around exceptions: the wrong one raised or caught, one swallowed, one forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from ._python import Mutator, Proposal, Scope, mutator, replace, small_statement

_CONFUSED: Mapping[str, str] = {
    "ArithmeticError": "ValueError",
    "AssertionError": "ValueError",
    "AttributeError": "KeyError",
    "EOFError": "OSError",
    "Exception": "ValueError",
    "FileExistsError": "FileNotFoundError",
    "FileNotFoundError": "PermissionError",
    "ImportError": "AttributeError",
    "IndexError": "KeyError",
    "KeyError": "IndexError",
    "LookupError": "ValueError",
    "ModuleNotFoundError": "AttributeError",
    "NotImplementedError": "TypeError",
    "OSError": "ValueError",
    "OverflowError": "TypeError",
    "RuntimeError": "ValueError",
    "StopIteration": "IndexError",
    "TimeoutError": "ConnectionError",
    "TypeError": "ValueError",
    "UnicodeDecodeError": "UnicodeEncodeError",
    "UnicodeEncodeError": "UnicodeDecodeError",
    "ValueError": "TypeError",
    "ZeroDivisionError": "ValueError",
}


def _exchanged(node: cst.BaseExpression | None) -> Iterator[Proposal]:
    if isinstance(node, cst.Name) and node.value in _CONFUSED:
        yield replace(node, cst.Name(_CONFUSED[node.value]))


@mutator("wrong-exception", cst.Raise, cst.ExceptHandler)
def wrong_exception(node: cst.CSTNode, _scope: Scope) -> Iterator[Proposal]:
    """Raise or catches another error."""
    if isinstance(node, cst.Raise):
        raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        yield from _exchanged(raised)
    elif isinstance(node, cst.ExceptHandler):
        yield from _exchanged(node.type)


@mutator("narrowed-except", cst.ExceptHandler)
def narrowed_except(node: cst.ExceptHandler, _scope: Scope) -> Iterator[Proposal]:
    """Catch only one of the errors."""
    caught = node.type
    if isinstance(caught, cst.Tuple) and len(caught.elements) > 1:
        for element in caught.elements:
            yield replace(caught, element.value)


@mutator("swallowed-exception", cst.ExceptHandler)
def swallowed(node: cst.ExceptHandler, _scope: Scope) -> Iterator[Proposal]:
    """Hide an error that should go on."""
    for line in node.body.body:
        small = small_statement(line)
        if isinstance(small, cst.Raise):
            yield replace(small, cst.Pass())


EXCEPTIONS: tuple[Mutator, ...] = (
    wrong_exception,
    narrowed_except,
    swallowed,
)
