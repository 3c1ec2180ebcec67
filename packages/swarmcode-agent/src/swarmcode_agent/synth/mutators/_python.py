"""The machinery under the Python mutators: what a mutator is and what it may propose.

A mutator looks at one libcst node and proposes replacements for it or for nodes below it.
The engine turns a proposal into bytes. A mutator never sees text, files or randomness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import libcst as cst


@dataclass(frozen=True, slots=True)
class Replace:
    """Put `new` where `node` stands."""

    node: cst.CSTNode
    new: cst.CSTNode


@dataclass(frozen=True, slots=True)
class Delete:
    """Take the statement `node` out, or put `pass` there when its block would be empty."""

    node: cst.CSTNode


@dataclass(frozen=True, slots=True)
class Unwrap:
    """Take the block's header away and move its body out; `header` stands there instead."""

    node: cst.CSTNode
    header: cst.CSTNode
    body: cst.IndentedBlock


Change = Replace | Delete | Unwrap
Proposal = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """The function that the node stands in: its name, and the names it could confuse."""

    function: str = ""
    names: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


# Each rewriting function says which nodes it takes; the engine calls it with no others.
Rewrite = Callable[[Any, Scope], Iterator[Proposal]]


@dataclass(frozen=True, slots=True)
class Mutator:
    """One family of bugs in Python: its name, what it does, where it looks."""

    name: str
    summary: str
    nodes: tuple[type[cst.CSTNode], ...]
    rewrite: Rewrite = field(repr=False)


def mutator(name: str, *nodes: type[cst.CSTNode]) -> Callable[[Rewrite], Mutator]:
    """Make a table entry of a rewriting function; its docstring is the summary."""
    return lambda rewrite: Mutator(name, (rewrite.__doc__ or name).rstrip("."), nodes, rewrite)


def replace(node: cst.CSTNode, new: cst.CSTNode) -> Proposal:
    """Propose one replacement."""
    return (Replace(node, new),)


Operator = TypeVar("Operator", bound=cst.CSTNode)
ATOMS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float)


def parenthesised(node: cst.BaseExpression) -> cst.BaseExpression:
    """`node` so that any operator may stand beside it."""
    if isinstance(node, ATOMS) or getattr(node, "lpar", None):
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def negated(node: cst.BaseExpression) -> cst.BaseExpression:
    """`not node`, with parentheses where they are needed."""
    return cst.UnaryOperation(cst.Not(), parenthesised(node))


def spaced_like(old: cst.CSTNode, kind: Callable[..., Operator]) -> Operator:
    """Another operator with the whitespace of `old`, so that spacing gives no bug away."""
    before, after = getattr(old, "whitespace_before", None), getattr(old, "whitespace_after", None)
    return kind() if before is None else kind(whitespace_before=before, whitespace_after=after)


def same(left: cst.CSTNode, right: cst.CSTNode) -> bool:
    """Whether two nodes are the same code, whitespace included."""
    return left.deep_equals(right)


def small_statement(line: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The small statement that a line holds alone."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        return line.body[0]
    return None


def only_statement(block: cst.BaseSuite) -> cst.BaseSmallStatement | None:
    """The one small statement that a block holds, if it holds exactly one."""
    body = block.body
    if len(body) != 1:
        return None
    inner = body[0]
    return inner if isinstance(inner, cst.BaseSmallStatement) else small_statement(inner)


def name_of(node: cst.CSTNode) -> str:
    """The last name of `a`, `a.b` or `a.b()`; empty for anything else."""
    if isinstance(node, cst.Call):
        node = node.func
    if isinstance(node, cst.Attribute):
        node = node.attr
    return node.value if isinstance(node, cst.Name) else ""
