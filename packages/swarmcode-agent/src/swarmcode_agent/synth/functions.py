"""Which functions a change touches, and whether it changes what code does at all.

Functions are compared by their syntax tree, without docstrings, annotations and layout: a
commit that only reformats, documents or annotates changes no behaviour and teaches none.
Python is read with `ast`. For other languages nothing is known here: any change counts as one
of behaviour, and no function is named.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

# A function whose tree is written in fewer characters than these is small.
_SMALL = 500
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a source does: a digest of the whole, and one of each function by its name.

    `written` has the digests with docstrings and annotations, `functions` those without.
    `small` names the functions that say so little that two may be alike by chance.
    """

    whole: str
    functions: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    small: frozenset[str] = frozenset()


@lru_cache(maxsize=64)
def shape_of(path: str, source: str | None) -> Shape | None:
    """The shape of a source; None when it cannot be read as the language its name says."""
    if source is None:
        return Shape("")
    if not path.endswith(".py"):
        return Shape(_digest(source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            written = _functions(tree)
            _Plain().visit(tree)
    except (SyntaxError, ValueError, RecursionError):
        return None
    plain = _functions(tree)
    small = frozenset(name for name, dump in plain.items() if len(dump) < _SMALL)
    return Shape(_digest(ast.dump(tree)), _digests(plain), _digests(written), small)


def touched_functions(path: str, before: str | None, after: str | None) -> frozenset[str]:
    """The functions that differ, as `path::name`; those that came or went are among them.

    A docstring or an annotation is part of a function here: two rows that change one function
    share it, whatever they change of it.
    """
    old, new = shape_of(path, before), shape_of(path, after)
    if old is None or new is None:
        return frozenset()
    names = old.written.keys() | new.written.keys()
    changed = (name for name in names if old.written.get(name) != new.written.get(name))
    return frozenset(f"{path}::{name}" for name in changed)


def changes_behaviour(path: str, before: str | None, after: str | None) -> bool:
    """Whether the code may do something else after the change; unreadable code may."""
    old, new = shape_of(path, before), shape_of(path, after)
    return old is None or new is None or old.whole != new.whole


def _functions(tree: ast.AST) -> dict[str, str]:
    found: dict[str, str] = {}
    _collect(tree, "", found)
    return found


def _digests(dumps: Mapping[str, str]) -> dict[str, str]:
    return {name: _digest(dump) for name, dump in dumps.items()}


def _collect(node: ast.AST, prefix: str, found: dict[str, str]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTION):
            name = f"{prefix}{child.name}"
            found[name] = found.get(name, "") + ast.dump(child)
        elif isinstance(child, ast.ClassDef):
            _collect(child, f"{prefix}{child.name}.", found)
        elif isinstance(child, ast.If | ast.Try | ast.With):
            _collect(child, prefix, found)


class _Plain(ast.NodeTransformer):
    """Takes out what changes no behaviour: docstrings and annotations."""

    def visit(self, node: ast.AST) -> ast.AST | None:
        """One node and all below it."""
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = _without_docstring(node.body)
        if isinstance(node, _FUNCTION):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            plain = ast.Assign([node.target], node.value)
            node = ast.copy_location(plain, node)
        return self.generic_visit(node)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        return body[1:] or [ast.Pass()] if isinstance(body[0].value.value, str) else body
    return body


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
