"""Annotations, with every name followed: what a field's type is called, and what it uses."""

from __future__ import annotations

from typing import NamedTuple

from .expr import Expr, text_of
from .resolve import ChainTooLongError, ClassRef, External, Place, Resolver, Value

_MAX_DEPTH = 24
_MARKS = frozenset(
    {"ClassVar", "InitVar", "KW_ONLY", "Final", "Required", "NotRequired", "ReadOnly"}
)
NO_FIELD = frozenset({"ClassVar", "InitVar", "KW_ONLY"})


class Peeled(NamedTuple):
    """An annotation without its wrappers: `int` of `Annotated[Final[int], Field(gt=0)]`."""

    expr: Expr
    place: Place
    marks: frozenset[str]
    metadata: tuple[tuple[Expr, Place], ...]


class TypeNames:
    """The names under which one artifact's types are described.

    The first class of a name keeps it; another class of the same name is called by its
    module and name. `order` lists the classes as they were met, `asked` every question.
    """

    def __init__(self, resolver: Resolver, own: ClassRef | None = None) -> None:
        self.resolver = resolver
        self.order: list[ClassRef] = []
        self.asked: list[ClassRef] = []
        self._names: dict[ClassRef, str] = {}
        self._taken: set[str] = set()
        if own is not None:
            self.name(own)
            self.order.clear()  # an artifact does not describe itself among its types

    def name(self, ref: ClassRef) -> str:
        """The name of a class, remembering that it is used."""
        if ref not in self._names:
            facts = self.resolver.class_facts(ref)
            name = facts.name
            if name in self._taken:
                name = f"{self.resolver.index.name_of(ref.rel)}.{facts.qualname}"
            self._names[ref] = name
            self._taken.add(name)
            self.order.append(ref)
        self.asked.append(ref)
        return self._names[ref]


class AnnotationReader:
    """Turns annotations into canonical text."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def peel(self, expr: Expr, place: Place) -> Peeled:
        """Take `Annotated`, `Final`, `Required` and aliases of them off."""
        marks: set[str] = set()
        metadata: list[tuple[Expr, Place]] = []
        for _ in range(_MAX_DEPTH):
            head = expr[1] if expr[0] == "s" else expr
            name = self._special(head, place)
            if name in _MARKS:
                marks.add(name)
            if expr[0] == "s" and expr[2] and (name == "Annotated" or name in _MARKS):
                metadata += [(item, place) for item in expr[2][1:]]
                expr = expr[2][0]
                continue
            alias = self._alias(expr, place)
            if alias is None:
                break
            expr, place = alias.expr, alias.place
        return Peeled(expr, place, frozenset(marks), tuple(metadata))

    def nullable(self, expr: Expr, place: Place, depth: int = 0) -> bool:
        """Whether None is one of the values."""
        if depth > _MAX_DEPTH:
            return False
        match expr:
            case ["k", None]:
                return True
            case ["o", "|", left, right]:
                return any(self.nullable(item, place, depth + 1) for item in (left, right))
            case ["s", head, items]:
                name = self._special(head, place)
                if name == "Optional":
                    return True
                inner = items if name == "Union" else items[:1] if name == "Annotated" else []
                return any(self.nullable(item, place, depth + 1) for item in inner)
        alias = self._alias(expr, place)
        return alias is not None and self.nullable(alias.expr, alias.place, depth + 1)

    def text(self, expr: Expr, place: Place, names: TypeNames, depth: int = 0) -> str:
        """The canonical text of a type; classes of the project are named through `names`."""
        if depth > _MAX_DEPTH:
            return text_of(expr)
        match expr:
            case ["n" | "a", *_]:
                return self._named(expr, place, names, depth)
            case ["s", head, items]:
                return self._subscript(head, items, place, names, depth)
            case ["o", "|", left, right]:
                inner = (self.text(item, place, names, depth + 1) for item in (left, right))
                return " | ".join(inner)
            case ["l", opening, items]:
                parts = [self.text(item, place, names, depth + 1) for item in items]
                return f"{opening}{', '.join(parts)}{']' if opening == '[' else ')'}"
        return text_of(expr)

    def _named(self, expr: Expr, place: Place, names: TypeNames, depth: int) -> str:
        try:
            targets = self.resolver.follow(expr, place)
        except ChainTooLongError:
            return text_of(expr)
        for target in targets:
            if isinstance(target, ClassRef):
                return names.name(target)
            if isinstance(target, External):
                return target.name.rpartition(".")[2]
        alias = self._alias(expr, place)
        if alias is None or alias.expr == expr:
            return text_of(expr)
        return self.text(alias.expr, alias.place, names, depth + 4)

    def _subscript(
        self, head: Expr, items: list[Expr], place: Place, names: TypeNames, depth: int
    ) -> str:
        name = self._special(head, place)
        if name == "Annotated" or name in _MARKS:
            return self.text(items[0], place, names, depth + 1) if items else "Any"
        shown = name or self.text(head, place, names, depth + 1)
        if name == "Literal":
            return f"Literal[{', '.join(map(text_of, items))}]"
        inner = ", ".join(self.text(item, place, names, depth + 1) for item in items)
        return f"{shown}[{inner or '()'}]"

    def _special(self, head: Expr, place: Place) -> str | None:
        """The last name of something from outside the project, such as `typing.Annotated`."""
        if head[0] not in "na":
            return None
        try:
            targets = self.resolver.follow(head, place)
        except ChainTooLongError:
            return None
        found = next((item for item in targets if isinstance(item, External)), None)
        return found.name.rpartition(".")[2] if found else None

    def _alias(self, expr: Expr, place: Place) -> Value | None:
        """What a type alias or a NewType stands for."""
        if expr[0] not in "na":
            return None
        try:
            targets = self.resolver.follow(expr, place)
        except ChainTooLongError:
            return None
        value = next((item for item in targets if isinstance(item, Value)), None)
        match value and value.expr:
            case ["s" | "o" | "n" | "a", *_] | ["k", None]:
                return value
            case ["c", function, [_, base], _] if self._special(function, place) == "NewType":
                return Value(value.place, base) if value else None
        return None
