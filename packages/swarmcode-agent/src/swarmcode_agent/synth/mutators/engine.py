"""From a Python source to its mutants: walk the tree once, turn each proposal into bytes.

The tree says where things are; the change itself is spliced into the text. So one parse
yields every mutant of a file, each costs microseconds, and the rest of the file stays as it
was to the byte. Pure and deterministic: the same source gives the same mutants in the same
order. Not covered: whether a mutant still compiles in every Python (`mutants` drops those that
this Python refuses) and whether anything notices it (that is what proving is for).
"""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import MissingExtraError, MutationError
from .model import Mutant, TextChange

if TYPE_CHECKING:
    import libcst as cst

    from ._python import Change, Mutator, Proposal, Scope, Unwrap


def mutants(source: str, *, families: Iterable[str] | None = None) -> Iterator[Mutant]:
    """Every mutant of a Python source, in the order of the source.

    Only code inside functions is mutated; annotations, decorators, imports and docstrings
    are left alone. Each mutant parses, differs from `source` in what it computes or may
    compute (its syntax tree differs), and no two are the same text.

    Args:
        source: the text of a module, or of one function.
        families: names from `MUTATORS`; all of them when None.

    Raises:
        MutationError: the source is not Python, or a family is unknown.
        MissingExtraError: libcst is not installed.
    """
    raw = source.encode()
    for _, mutant, unit in _proposed(source, families):
        if _changes_tree(raw, mutant, unit):
            yield mutant


def grouped_mutants(
    source: str, *, families: Iterable[str] | None = None
) -> dict[str, list[Mutant]]:
    """The mutants that may stand, unchecked, by family: cheap, for sampling from."""
    grouped: dict[str, list[Mutant]] = defaultdict(list)
    for name, mutant, _ in _proposed(source, families):
        grouped[name].append(mutant)
    return dict(grouped)


def stands(source: str, mutant: Mutant) -> bool:
    """Whether the mutated text parses and its syntax tree is another one."""
    return _tree(mutant.apply(source)) not in (None, _tree(source))


def _changes_tree(raw: bytes, mutant: Mutant, unit: _Unit) -> bool:
    """The same question, asked of the outermost function alone: cheap in a long module."""
    grown = sum(len(change.after) - len(change.before) for change in mutant.changes)
    mutated = mutant.apply(raw.decode()).encode()
    before = _tree(unit.cut(raw, unit.end))
    return _tree(unit.cut(mutated, unit.end + grown)) not in (None, before)


@dataclass(frozen=True, slots=True)
class _Unit:
    """The whole lines of the outermost function around a mutant."""

    start: int
    end: int

    def cut(self, raw: bytes, end: int) -> str:
        """The lines as a source of their own, whatever their margin."""
        text = raw[self.start : end].decode()
        return "if 1:\n" + text if text[:1].isspace() else text


def _tree(source: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _proposed(source: str, families: Iterable[str] | None) -> Iterator[tuple[str, Mutant, _Unit]]:
    table = _table(families)
    try:
        import libcst as cst
        from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper
    except ImportError as error:
        raise MissingExtraError("planting bugs", extra="synth") from error
    try:
        module = cst.parse_module(source)
    except (cst.ParserSyntaxError, RecursionError) as error:
        raise MutationError(f"not Python that can be mutated: {error}") from error
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    spans = wrapper.resolve(ByteSpanPositionProvider)
    text = _Text(module, source.encode(), spans)
    seen: set[tuple[TextChange, ...]] = set()
    for name, proposal, scope, outermost in _walk(module, table):
        unit = text.unit(outermost)
        changes = text.changes(proposal, unit)
        if changes and changes not in seen:
            seen.add(changes)
            line = text.line(changes[0].start)
            yield name, Mutant(name, line, scope.function, changes), unit


def _table(families: Iterable[str] | None) -> dict[type, list[Mutator]]:
    from . import python_mutators

    known = python_mutators()
    names = list(known) if families is None else list(families)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise MutationError(f"no mutator is called {unknown[0]!r}; there are: {', '.join(known)}")
    table: dict[type, list[Mutator]] = defaultdict(list)
    for name in names:
        for kind in known[name].nodes:
            table[kind].append(known[name])
    return table


def _walk(
    module: cst.Module, table: dict[type, list[Mutator]]
) -> Iterator[tuple[str, Proposal, Scope, cst.FunctionDef]]:
    """Every proposal of every mutator, for nodes inside functions, in source order."""
    import libcst as cst

    from ._python import Scope

    unread = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal)
    found: list[tuple[str, Proposal, Scope, cst.FunctionDef]] = []
    outermost: list[cst.FunctionDef] = []
    places: list[str] = []
    scopes: list[Scope] = []

    class Walk(cst.CSTVisitor):
        """One pass over the tree; the stack of scopes says where it is."""

        def on_visit(self, node: cst.CSTNode) -> bool:
            if isinstance(node, unread) or _is_bare_text(node):
                return False
            if isinstance(node, cst.ClassDef | cst.FunctionDef):
                places.append(node.name.value)
                if isinstance(node, cst.FunctionDef):
                    names, attributes = _names_of(node)
                    scopes.append(Scope(".".join(places), names, attributes))
                    outermost.append(node)
            if scopes:
                for mutator in table.get(type(node), ()):
                    found.extend(
                        (mutator.name, proposal, scopes[-1], outermost[0])
                        for proposal in mutator.rewrite(node, scopes[-1])
                    )
            return True

        def on_leave(self, original_node: cst.CSTNode) -> None:
            if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
                places.pop()
                if isinstance(original_node, cst.FunctionDef):
                    scopes.pop()
                    outermost.pop()

    module.visit(Walk())
    return iter(found)


def _is_bare_text(node: cst.CSTNode) -> bool:
    """A docstring, or any string that stands alone as a statement."""
    import libcst as cst

    return isinstance(node, cst.Expr) and isinstance(
        node.value, cst.SimpleString | cst.ConcatenatedString
    )


def _names_of(function: cst.FunctionDef) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables a function binds and the attributes of self it uses, by first use."""
    import libcst as cst

    names: dict[str, None] = {}
    attributes: dict[str, None] = {}

    class Names(cst.CSTVisitor):
        """Collects names; annotations and defaults are not the function's own."""

        def on_visit(self, node: cst.CSTNode) -> bool:
            if isinstance(node, cst.Param):
                names[node.name.value] = None
            elif isinstance(node, cst.AssignTarget | cst.For) and isinstance(node.target, cst.Name):
                names[node.target.value] = None
            elif isinstance(node, cst.Attribute) and _is_self(node.value):
                attributes[node.attr.value] = None
            return not isinstance(node, cst.Annotation | cst.Param)

    function.visit(Names())
    return tuple(name for name in names if name not in ("self", "cls")), tuple(attributes)


def _is_self(node: cst.CSTNode) -> bool:
    import libcst as cst

    return isinstance(node, cst.Name) and node.value in ("self", "cls")


@dataclass(slots=True)
class _Text:
    """The source as bytes, with the place of every node in it."""

    module: cst.Module
    raw: bytes
    spans: object
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        at = 0
        for line in self.raw.splitlines(keepends=True):
            self.starts.append(at)
            at += len(line)

    def line(self, offset: int) -> int:
        """The number of the line that holds a byte, from 1."""
        from bisect import bisect_right

        return bisect_right(self.starts, offset)

    def unit(self, function: cst.FunctionDef) -> _Unit:
        """The lines of a function, its decorators left out."""
        return _Unit(*self._lines(*self._span(function)))

    def changes(self, proposal: Proposal, unit: _Unit) -> tuple[TextChange, ...]:
        """The bytes of a proposal; empty when it cannot be made without reformatting."""
        made = [self._change(change, unit) for change in proposal]
        whole = [change for change in made if change is not None]
        if len(whole) != len(made):
            return ()
        return tuple(sorted(whole, key=lambda change: change.start))

    def _change(self, change: Change, unit: _Unit) -> TextChange | None:
        from ._python import Delete, Unwrap

        if isinstance(change, Delete):
            return self._deleted(change.node, unit)
        if isinstance(change, Unwrap):
            return self._unwrapped(change)
        start, end = self._span(change.node)
        new = change.new
        if getattr(change.node, "lpar", None):
            if self.raw[start - 1 : start] == b"(" and self.raw[end : end + 1] == b")":
                start, end = start - 1, end + 1
            elif getattr(new, "lpar", None):
                new = new.with_changes(lpar=(), rpar=())
        return _trimmed(start, self.raw[start:end], self._code(new))

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        """The bytes of a node; libcst leaves an expression's own parentheses out."""
        span = self.spans[node]  # type: ignore[index]
        return span.start, span.start + span.length

    def _code(self, node: cst.CSTNode) -> bytes:
        return self.module.code_for_node(node).strip().encode()

    def _lines(self, start: int, end: int) -> tuple[int, int]:
        """The whole lines that hold the bytes from `start` to `end`."""
        first = self.raw.rfind(b"\n", 0, start) + 1
        last = self.raw.find(b"\n", max(start, end - 1))
        return first, len(self.raw) if last < 0 else last + 1

    def _deleted(self, node: cst.CSTNode, unit: _Unit) -> TextChange | None:
        start, end = self._span(node)
        first, last = self._lines(start, end)
        if self.raw[first:start].strip():
            return None
        before = self.raw[first:last]
        alone = TextChange(first, last, before, b"")
        rest = self.raw[:first] + self.raw[last:]
        if _tree(unit.cut(rest, unit.end - len(before))) is not None:
            return alone
        ending = b"\n" if before.endswith(b"\n") else b""
        return TextChange(first, last, before, self.raw[first:start] + b"pass" + ending)

    def _unwrapped(self, change: Unwrap) -> TextChange | None:
        start, end = self._span(change.node)
        first, last = self._lines(start, end)
        margin = self.raw[first:start]
        header, *body = self.raw[first:last].splitlines(keepends=True)
        if margin.strip() or not body or not header.rstrip().endswith(b":"):
            return None
        inner = body[0][: len(body[0]) - len(body[0].lstrip())]
        if any(line.strip() and not line.startswith(inner) for line in body):
            return None
        if b'"""' in b"".join(body) or b"'''" in b"".join(body):
            return None
        moved = [margin + line[len(inner) :] if line.strip() else line for line in body]
        after = margin + self._code(change.header) + b"\n" + b"".join(moved)
        return TextChange(first, last, self.raw[first:last], after)


def _trimmed(start: int, before: bytes, after: bytes) -> TextChange | None:
    """The change without what is the same at both its ends; None when nothing is left."""
    if before == after:
        return None
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    while head and before[head : head + 1] and before[head] & 0xC0 == 0x80:
        head -= 1
    while tail and before[len(before) - tail] & 0xC0 == 0x80:
        tail -= 1
    stop = len(before) - tail
    return TextChange(
        start + head, start + stop, before[head:stop], after[head : len(after) - tail]
    )
