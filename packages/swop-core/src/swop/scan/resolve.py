"""What a name in one file means, followed across all files.

The answer is a list, because a name bound in both branches of a `try` means either. Chains
longer than `MAX_HOPS` are given up and reported: no person writes them.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import NamedTuple

from .expr import Expr
from .facts import CLASS, FUNCTION, Binding, ClassFacts, ModuleFacts, Scope
from .modules import ModuleIndex
from .vocabulary import KINDS, OURS

MAX_HOPS = 64
MAX_STEPS = 2_000
_BUILTINS = frozenset(dir(builtins))


class Place(NamedTuple):
    """Where an expression stands: file, scope, and line; line 0 sees the finished scope."""

    rel: str
    scope: int
    line: int = 0


class ClassRef(NamedTuple):
    """A class of the project."""

    rel: str
    number: int


class ModuleRef(NamedTuple):
    """A module or folder of the project."""

    module: str


class External(NamedTuple):
    """Something outside the project, by its dotted name."""

    name: str


class Value(NamedTuple):
    """An expression that is no name: a constant, a call, a subscript."""

    place: Place
    expr: Expr


Target = ClassRef | ModuleRef | External | Value


class ChainTooLongError(Exception):
    """A name leads through more than `MAX_HOPS` others."""


class Resolver:
    """Follows names through the facts of a project, reading files when a name leads there.

    `facts_of` gives the facts of a file or None; `touched` is called with every file that an
    answer depends on.
    """

    def __init__(self, index: ModuleIndex, facts_of: Callable[[str], ModuleFacts | None]) -> None:
        self.index = index
        self._facts_of = facts_of
        self.touched: set[str] = set()
        self._active: set[tuple[str, int, str, int]] = set()
        self._steps = 0
        self._known: dict[tuple[Place, str], tuple[list[Target], set[str]]] = {}
        self._facts: dict[str, ModuleFacts | None] = {}

    def facts(self, rel: str) -> ModuleFacts | None:
        """The facts of a file, noting that an answer depends on it."""
        self.touched.add(rel)
        if rel not in self._facts:
            self._facts[rel] = self._facts_of(rel)
        return self._facts[rel]

    def class_facts(self, ref: ClassRef) -> ClassFacts:
        """The facts of a class."""
        facts = self.facts(ref.rel)
        if facts is None:
            raise KeyError(ref)
        return facts.classes[ref.number]

    def follow(self, expr: Expr, place: Place) -> list[Target]:
        """What a name or attribute means; anything else is its own value.

        Raises:
            ChainTooLongError: the name leads through too many others.
        """
        self._steps = 0
        if expr[0] != "n":
            return self._follow(expr, place, 0)
        key = (place, expr[1])
        if key not in self._known:
            outer, self.touched = self.touched, set()
            try:
                self._known[key] = (self._follow(expr, place, 0), self.touched)
            finally:
                self.touched = outer | self.touched
        targets, touched = self._known[key]
        self.touched |= touched
        return targets

    def forget(self) -> None:
        """Drop every answer: files have changed."""
        self._known.clear()
        self._facts.clear()

    def _follow(self, expr: Expr, place: Place, hops: int) -> list[Target]:
        self._steps += 1
        if hops > MAX_HOPS or self._steps > MAX_STEPS:
            raise ChainTooLongError
        if expr[0] == "n":
            return self._name(expr[1], place, hops)
        if expr[0] == "a":
            found: list[Target] = []
            for owner in self._follow(expr[1], place, hops + 1):
                found += self._attribute(owner, expr[2], hops)
            return found
        return [Value(place, expr)]

    def _name(self, name: str, place: Place, hops: int) -> list[Target]:
        facts = self.facts(place.rel)
        if facts is None:
            return []
        number, line = place.scope, place.line
        innermost = True
        while number >= 0:
            scope = facts.scopes[number]
            if innermost or scope.kind != CLASS:
                found = self._in_scope(name, place.rel, number, scope, line, hops)
                if found is not None:
                    return found
            if scope.kind == FUNCTION:
                line = 0  # a function runs later, when its surroundings are finished
            innermost = False
            number = scope.parent
        return [External(f"builtins.{name}")] if name in _BUILTINS else [External(name)]

    def _in_scope(
        self, name: str, rel: str, number: int, scope: Scope, line: int, hops: int
    ) -> list[Target] | None:
        """The meaning of a name in one scope; None when it has none there."""
        bindings = _visible(scope.names.get(name, ()), line)
        if not bindings and not scope.stars:
            return None
        key = (rel, number, name, line)
        if key in self._active:
            return []  # a circle of imports or assignments
        self._active.add(key)
        try:
            if bindings:
                return [
                    target
                    for binding in bindings
                    for target in self._binding(binding, rel, number, hops)
                ]
            return self._starred(name, rel, scope, hops)
        finally:
            self._active.discard(key)

    def _starred(self, name: str, rel: str, scope: Scope, hops: int) -> list[Target] | None:
        for level, module in reversed(scope.stars):
            owner = self._module(level, module, rel)
            found = self._attribute(owner, name, hops, star=True) if owner else []
            if found:
                return found
        return None

    def _binding(self, binding: Binding, rel: str, scope: int, hops: int) -> list[Target]:
        payload = binding.payload
        if binding.kind == "class":
            return [ClassRef(rel, payload[0])]
        if binding.kind == "value":
            return self._follow(payload[0], Place(rel, scope, binding.line), hops + 1)
        if binding.kind == "import":
            return [self._module(0, payload[0], rel) or External(payload[0])]
        if binding.kind == "from":
            level, module, name = payload
            owner = self._module(level, module, rel)
            return self._attribute(owner, name, hops) if owner else [External(f"{module}.{name}")]
        return []

    def _module(self, level: int, dotted: str, rel: str) -> ModuleRef | External | None:
        if level:
            found = self.index.relative(level, dotted, rel)
            return ModuleRef(found) if found is not None else None
        if dotted.partition(".")[0] == OURS:
            return External(dotted)
        found = self.index.absolute(dotted, rel)
        return ModuleRef(found) if found is not None else External(dotted)

    def _attribute(
        self, owner: Target, name: str, hops: int, *, star: bool = False
    ) -> list[Target]:
        if hops > MAX_HOPS:
            raise ChainTooLongError
        match owner:
            case External(name=dotted):
                known = not star or (dotted.partition(".")[0] == OURS and name in KINDS)
                return [External(f"{dotted}.{name}")] if known else []
            case ModuleRef(module=module):
                found = self._in_module(module, name, hops, star=star)
                if not found and not star:  # bound there in a way that is unseen here
                    found = [External(f"{module.replace('/', '.')}.{name}")]
                return found
            case ClassRef(rel=rel):
                facts = self.facts(rel)
                if facts is None:
                    return []
                body = self.class_facts(owner).body
                inside = self._in_scope(name, rel, body, facts.scopes[body], 0, hops + 1)
                return inside or []
        return []

    def _in_module(self, module: str, name: str, hops: int, *, star: bool) -> list[Target]:
        file = self.index.file_of(module)
        facts = self.facts(file) if file else None
        if file and facts and not (star and name.startswith("_")):
            found = self._in_scope(name, file, 0, facts.scopes[0], 0, hops + 1)
            if found:
                return found
        child = None if star else self.index.child(module, name)
        return [ModuleRef(child)] if child is not None else []


def _visible(bindings: list[Binding] | tuple[()], line: int) -> list[Binding]:
    """The bindings that a name can have on a line: the last certain one, and later maybes."""
    chosen: list[Binding] = []
    for binding in bindings:
        if line and binding.line >= line:
            break
        if not binding.maybe:
            chosen.clear()
        chosen.append(binding)
    return chosen
