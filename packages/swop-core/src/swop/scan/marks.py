"""The decorators of a class that are ours, whatever they are called where they are used."""

from __future__ import annotations

from dataclasses import dataclass

from .expr import Expr
from .resolve import ClassRef, External, Place, Resolver, Value
from .vocabulary import KINDS, OURS, DetectionKind

Given = tuple[Expr, Place]


@dataclass(frozen=True, slots=True)
class Mark:
    """One of our decorators with what it was given, each argument where it was written."""

    kind: DetectionKind
    line: int
    args: tuple[Given, ...] = ()
    named: tuple[tuple[str, Given], ...] = ()

    def argument(self, name: str, position: int | None) -> Given | None:
        """An argument by name or position."""
        given = dict(self.named).get(name)
        if given is None and position is not None and position < len(self.args):
            given = self.args[position]
        return given


class MarkReader:
    """Finds marks: `@command("x")`, `@c("x")`, `@swop.command("x")`, `@billing_command`."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def first(self, ref: ClassRef) -> Mark | None:
        """The first of a class's decorators that is ours.

        Raises:
            ChainTooLongError: a decorator's name leads through too many others.
        """
        facts = self.resolver.class_facts(ref)
        for line, decorator in facts.decorators:
            mark = self._mark(decorator, Place(ref.rel, facts.scope, line), line)
            if mark is not None:
                return mark
        return None

    def _mark(self, expr: Expr, place: Place, line: int) -> Mark | None:
        if expr[0] == "c":
            inner = self._mark_of_name(expr[1], place, line)
            return _given(inner, expr, place) if inner else None
        return self._mark_of_name(expr, place, line)

    def _mark_of_name(self, expr: Expr, place: Place, line: int, depth: int = 0) -> Mark | None:
        """What a name stands for: a decorator, or one that was given its arguments before."""
        if expr[0] not in "na" or depth > 8:
            return None
        for target in self.resolver.follow(expr, place):
            if isinstance(target, External):
                kind = our_kind(target.name)
                if kind:
                    return Mark(kind, line)
            if isinstance(target, Value) and target.expr[0] == "c":
                mark = self._mark_of_call(target.expr, target.place, line, depth)
                if mark:
                    return mark
        return None

    def _mark_of_call(self, call: Expr, place: Place, line: int, depth: int) -> Mark | None:
        function, args = call[1], call[2]
        if function[-1] == "partial" and args:
            call = ["c", args[0], args[1:], call[3]]
            function = args[0]
        mark = self._mark_of_name(function, place, line, depth + 1)
        return _given(mark, call, place) if mark else None


def our_kind(name: str) -> DetectionKind | None:
    """The kind that a dotted name outside the project marks, if it is one of our decorators."""
    first, _, rest = name.partition(".")
    last = rest.rpartition(".")[2]
    return next((kind for kind in KINDS if first == OURS and kind == last), None)


def _given(mark: Mark, call: Expr, place: Place) -> Mark:
    args = (*mark.args, *((item, place) for item in call[2]))
    named = (*mark.named, *((name, (item, place)) for name, item in call[3].items()))
    return Mark(mark.kind, mark.line, args, named)
