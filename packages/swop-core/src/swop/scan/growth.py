"""Which further files may hold an artifact, given what the ones read so far bind.

See `prefilter` for why this finds every file. A name counts as carrying a meaning on when
its binding mentions a carrier, whether or not it turns out to mean it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Protocol

from .content import Content
from .expr import Expr, last_name
from .facts import FUNCTION, Binding, ModuleFacts
from .modules import ModuleIndex
from .prefilter import mentions
from .reach import Reach
from .source import text_for_search
from .vocabulary import BASE_KINDS, KINDS, OURS
from .walk import SourceFile


class Files(Protocol):
    """The files of a project, as a scan holds them."""

    @property
    def files(self) -> Mapping[str, tuple[SourceFile, Content]]:
        """Every file with what is known of it."""

    def data(self, rel: str) -> bytes:
        """The bytes of a file."""

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
        return content.heads(b"" if content.knows_heads else self._files.data(rel))

    def _mentions(self, rel: str, names: frozenset[str]) -> bool:
        if rel not in self._files.files:
            return False
        content = self._files.files[rel][1]
        unknown = names - content.absent
        if not unknown:
            return False
        if mentions(text_for_search(self._files.data(rel)), unknown):
            return True
        content.lacks(unknown)
        return False

    def _collect(self, hits: set[str]) -> None:
        """Add what the files bind to carriers, until nothing is added."""
        grown = len(self.carriers)
        todo = hits - self._looked_at
        while todo:
            for rel in todo:
                names = set(self._bound(rel))
                self.carriers |= names
                if names - BASE_KINDS.keys():
                    self._exports[self._units().unit_of(rel)] |= names - BASE_KINDS.keys()
            self._looked_at |= todo
            todo = set(hits) if len(self.carriers) != grown else set()
            grown = len(self.carriers)

    def _bound(self, rel: str) -> Iterator[str]:
        facts = self._files.facts(rel)
        for scope in facts.scopes if facts else ():
            if scope.kind == FUNCTION:
                continue  # no other file can name what a function binds
            if any(module.partition(".")[0] == OURS for _, module in scope.stars):
                yield from KINDS
            for name, bindings in scope.names.items():
                if any(self._carries(binding, facts) for binding in bindings):
                    yield name

    def _carries(self, binding: Binding, facts: ModuleFacts | None) -> bool:
        payload = binding.payload
        if binding.kind == "from":
            return payload[2] in self.carriers or payload[1].partition(".")[0] == OURS
        if binding.kind == "import":
            return bool(payload[0].partition(".")[0] == OURS)
        if binding.kind == "value":
            return self._leads_on(payload[0])
        if binding.kind == "class" and facts is not None:
            return any(self._leads_on(base) for base in facts.classes[payload[0]].bases)
        return False

    def _leads_on(self, expr: Expr) -> bool:
        while expr[0] in "sc":
            if expr[0] == "c" and last_name(expr[1]) == "partial" and expr[2]:
                expr = expr[2][0]
            else:
                expr = expr[1]
        while expr[0] == "a":  # `m.command` leads on when `m` or `command` does
            if expr[2] in self.carriers:
                return True
            expr = expr[1]
        return expr[0] == "n" and expr[1] in self.carriers
