"""The ancestors of a class, across files, and what they make of it."""

from __future__ import annotations

import builtins
from typing import NamedTuple

from .expr import Expr, last_name
from .resolve import ChainTooLongError, ClassRef, External, Place, Resolver, Target, Value
from .vocabulary import BASE_KINDS, FOREIGN, DetectionKind

MAX_ANCESTORS = 200
_MANY = 50


class Bases(NamedTuple):
    """The bases of one class: what each means, and the kind that a known name gives."""

    meanings: tuple[tuple[Expr, tuple[Target, ...]], ...]
    parents: tuple[ClassRef, ...]
    kind: DetectionKind | None


class Lineage(NamedTuple):
    """A class and its ancestors in the project, nearest first; the names of the other bases.

    `kind` is what the nearest known base name says. `overlong` means that ancestors were left
    out because there are more than `MAX_ANCESTORS`.
    """

    classes: tuple[ClassRef, ...]
    external: frozenset[str]
    kind: DetectionKind | None
    overlong: bool

    @property
    def foreign(self) -> bool:
        """Whether an ancestor is certainly no message and no handler."""
        return any(name.partition(".")[0] in FOREIGN or _is_error(name) for name in self.external)


class Ancestry:
    """Computes lineages, each once, however long the chain."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._bases: dict[ClassRef, tuple[Bases, frozenset[str]]] = {}
        self._lineages: dict[ClassRef, tuple[Lineage, frozenset[str]]] = {}

    def forget(self, changed: frozenset[str]) -> None:
        """Drop what depends on files that have changed."""
        self.resolver.forget()
        self._bases = {ref: item for ref, item in self._bases.items() if not item[1] & changed}
        self._lineages = {
            ref: item for ref, item in self._lineages.items() if not item[1] & changed
        }

    def bases(self, ref: ClassRef) -> Bases:
        """The bases of a class."""
        if ref not in self._bases:
            outer, self.resolver.touched = self.resolver.touched, set()
            bases = self._read_bases(ref)
            self._bases[ref] = (bases, frozenset(self.resolver.touched))
            self.resolver.touched = outer
        bases, touched = self._bases[ref]
        self.resolver.touched |= touched
        return bases

    def lineage(self, ref: ClassRef) -> Lineage:
        """The lineage of a class; a circle is cut where it closes."""
        todo, waiting = [ref], {ref}
        while todo:
            parents = self.bases(todo[-1]).parents
            missing = [p for p in parents if p not in self._lineages and p not in waiting]
            if missing and todo[-1] not in self._lineages:
                todo.extend(missing)
                waiting.update(missing)
                continue
            current = todo.pop()
            if current not in self._lineages:
                self._lineages[current] = self._join(current, parents)
        lineage, touched = self._lineages[ref]
        self.resolver.touched |= touched
        return lineage

    def meaning(self, base: Expr, place: Place) -> tuple[Target, ...]:
        """What a base means: `Handler` for `Handler[Foo]`; aliases of either are followed."""
        for _ in range(4):
            while base[0] == "s":
                base = base[1]
            try:
                targets = self.resolver.follow(base, place)
            except ChainTooLongError:
                return ()
            inner = targets[0] if len(targets) == 1 else None
            if not isinstance(inner, Value) or inner.expr[0] != "s":
                return tuple(targets)
            base, place = inner.expr, inner.place
        return ()

    def _read_bases(self, ref: ClassRef) -> Bases:
        facts = self.resolver.class_facts(ref)
        place = Place(ref.rel, facts.scope, facts.line)
        meanings = tuple((base, self.meaning(base, place)) for base in facts.bases)
        targets = (target for _, found in meanings for target in found)
        parents = dict.fromkeys(t for t in targets if isinstance(t, ClassRef) and t != ref)
        return Bases(meanings, tuple(parents), self._kind(meanings))

    def _kind(self, meanings: tuple[tuple[Expr, tuple[Target, ...]], ...]) -> DetectionKind | None:
        for base, targets in meanings:
            for name in (last_name(base), *map(self._name, targets)):
                if name in BASE_KINDS:
                    return BASE_KINDS[name]
        return None

    def _name(self, target: Target) -> str | None:
        if isinstance(target, External):
            return target.name.rpartition(".")[2]
        return self.resolver.class_facts(target).name if isinstance(target, ClassRef) else None

    def _join(self, ref: ClassRef, parents: tuple[ClassRef, ...]) -> tuple[Lineage, frozenset[str]]:
        bases, touched = self._bases[ref]
        above = [self._lineages[parent] for parent in parents if parent in self._lineages]
        external = frozenset(
            target.name
            for _, targets in bases.meanings
            for target in targets
            if isinstance(target, External)
        )
        if not above:
            return Lineage((ref,), external, bases.kind, overlong=False), touched
        order = _merged(ref, [lineage.classes for lineage, _ in above])
        kinds = (self._bases[ancestor][0].kind for ancestor in order)
        return (
            Lineage(
                tuple(order[:MAX_ANCESTORS]),
                external.union(*(lineage.external for lineage, _ in above)),
                next((kind for kind in kinds if kind), None),
                len(order) > MAX_ANCESTORS or any(lineage.overlong for lineage, _ in above),
            ),
            touched.union(*(files for _, files in above)),
        )


def _merged(ref: ClassRef, lines: list[tuple[ClassRef, ...]]) -> list[ClassRef]:
    """Python's method resolution order; plain depth first where it is long or impossible."""
    if len(lines) < 2 or sum(map(len, lines)) > _MANY:
        return list(dict.fromkeys([ref, *(item for line in lines for item in line)]))
    order = [ref]
    pending = [list(line) for line in [*lines, tuple(line[0] for line in lines)]]
    while pending:
        tails = {item for line in pending for item in line[1:]}
        head = next((line[0] for line in pending if line[0] not in tails), pending[0][0])
        order.append(head)
        pending = [rest for line in pending if (rest := [item for item in line if item != head])]
    return order


def _is_error(name: str) -> bool:
    module, _, last = name.rpartition(".")
    kind = getattr(builtins, last, None) if module == "builtins" else None
    return isinstance(kind, type) and issubclass(kind, BaseException | type)
