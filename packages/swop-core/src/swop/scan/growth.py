"""Which further files may hold an artifact, given what the ones read so far bind.

See `prefilter` for why this finds every file. A name counts as carrying a meaning on when
its binding mentions a carrier, whether or not it turns out to mean it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from .content import Content
from .expr import Expr, last_name
from .facts import FUNCTION, Binding, ModuleFacts
from .modules import ModuleIndex
from .prefilter import mentions
from .reach import Reach
from .vocabulary import BASE_KINDS, KINDS, OURS
from .walk import SourceFile


class Files(Protocol):
    """The files of a project, as a scan holds them."""

    @property
    def files(self) -> Mapping[str, tuple[SourceFile, Content]]:
        """Every file with what is known of it."""

    def text(self, rel: str) -> bytes:
        """A file as names are searched for in it."""

    def facts(self, rel: str) -> ModuleFacts | None:
        """What a file says."""


class Growth:
    """Names that lead on, by the unit that binds them."""

    def __init__(self, index: ModuleIndex, files: Files) -> None:
        self._files = files
        self._index = index
        self._reach: Reach | None = None
        self.carriers: set[str] = {*BASE_KINDS, OURS}
        self._exports: dict[str, set[str]] = defaultdict(set)
        self._looked_at: set[str] = set()
        self._waiting: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def forget(self, changed: frozenset[str]) -> None:
        """Look again at files that have changed.

        The names that they bound before still count: a name too many costs time, not truth.
        """
        self._looked_at -= changed
        if self._reach is not None:
            self._reach.forget()

    def step(self, hits: set[str]) -> set[str]:
        """The files to read next; none when every name that leads on has been looked for."""
        self._collect(hits)
        if len(hits) == len(self._files.files) or not self._exports:
            return set()
        reach = self._units()
        names = reach.names_for_units(self._exports)
        more: set[str] = set()
        for unit, wanted in names.items():
            rest = [rel for rel in reach.members[unit] if rel not in hits]
            more.update(rel for rel in rest if self._mentions(rel, wanted))
        return more

    def _units(self) -> Reach:
        if self._reach is None:
            self._reach = Reach(self._index, self._heads)
        return self._reach

    def _heads(self, rel: str) -> frozenset[str]:
        if rel not in self._files.files:
            return frozenset()
        content = self._files.files[rel][1]
        return content.heads(b"" if content.knows_heads else self._files.text(rel))

    def _mentions(self, rel: str, names: frozenset[str]) -> bool:
        if rel not in self._files.files:
            return False
        content = self._files.files[rel][1]
        unknown = names - content.absent
        if not unknown:
            return False
        if mentions(self._files.text(rel), unknown):
            return True
        content.lacks(unknown)
        return False

    def _collect(self, hits: set[str]) -> None:
        """Add what the files bind to carriers, until nothing is added."""
        found: list[tuple[str, str]] = []
        for rel in hits - self._looked_at:
            for name, leads in self._bound(rel):
                if leads & self.carriers:
                    found.append((rel, name))
                else:
                    for lead in leads:
                        self._waiting[lead].add((rel, name))
        self._looked_at |= hits
        while found:
            rel, name = found.pop()
            if name not in BASE_KINDS:
                self._exports[self._units().unit_of(rel)].add(name)
            if name not in self.carriers:
                self.carriers.add(name)
                found.extend(self._waiting.pop(name, ()))

    def _bound(self, rel: str) -> Iterator[tuple[str, frozenset[str]]]:
        """The names that other files can take from a file, each with what makes it lead on."""
        facts = self._files.facts(rel)
        for scope in facts.scopes if facts else ():
            if scope.kind == FUNCTION:
                continue  # no other file can name what a function binds
            if any(module.partition(".")[0] == OURS for _, module in scope.stars):
                yield from ((kind, _ALWAYS) for kind in KINDS)
            for name, bindings in scope.names.items():
                leads = frozenset().union(*(_leads(binding, facts) for binding in bindings))
                if leads:
                    yield name, leads


_ALWAYS = frozenset({OURS})


def _leads(binding: Binding, facts: ModuleFacts | None) -> Iterable[str]:
    """The names any of which, as a carrier, makes this binding lead on."""
    payload = binding.payload
    if binding.kind == "from":
        return _ALWAYS if payload[1].partition(".")[0] == OURS else (payload[2],)
    if binding.kind == "import":
        return _ALWAYS if payload[0].partition(".")[0] == OURS else ()
    if binding.kind == "value":
        return _names_in(payload[0])
    if binding.kind == "class" and facts is not None:
        bases = facts.classes[payload[0]].bases
        return _names_in(bases[0]) if len(bases) == 1 else {n for b in bases for n in _names_in(b)}
    return ()


def _names_in(expr: Expr) -> list[str]:
    """The names along an expression: `m.command` leads on when `m` or `command` does."""
    while expr[0] in "sc":
        if expr[0] == "c" and last_name(expr[1]) == "partial" and expr[2]:
            expr = expr[2][0]
        else:
            expr = expr[1]
    names: list[str] = []
    while expr[0] == "a":
        names.append(expr[2])
        expr = expr[1]
    if expr[0] == "n":
        names.append(expr[1])
    return names
