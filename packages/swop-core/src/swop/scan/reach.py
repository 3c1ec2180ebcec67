"""Which parts of a project can reach which, through imports.

Names like `command` are common words. A file that mentions one can only mean ours when its
imports lead, directly or through others, to a file that binds it. Whole units are compared
(the folders just below a source root), by the first names of what their files import: this
takes in more than it must and never less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from .modules import INIT, ModuleIndex


class Reach:
    """Units and the way between them."""

    def __init__(self, index: ModuleIndex, heads_of: Callable[[str], frozenset[str]]) -> None:
        self.index = index
        self._heads_of = heads_of
        self._roots = sorted(index.source_roots, key=len, reverse=True)
        self.members: dict[str, list[str]] = defaultdict(list)
        for rel in sorted(index.files):
            self.members[self.unit_of(rel)].append(rel)
        self._imports: dict[str, frozenset[str]] = {}
        self._tops = self._top_names()

    def forget(self) -> None:
        """Read the imports again: files have changed."""
        self._imports.clear()

    def unit_of(self, rel: str) -> str:
        """The unit of a file: its path down to the first name below a source root."""
        for root in self._roots:
            prefix = f"{root}/" if root else ""
            if rel.startswith(prefix):
                return prefix + rel[len(prefix) :].partition("/")[0]
        return rel.partition("/")[0]

    def names_for_units(self, exports: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
        """For each unit the names that it may mean, given the names that units export."""
        if len(self.members) == 1:
            return {unit: frozenset().union(*exports.values()) for unit in self.members}
        wanted: dict[str, set[str]] = {unit: set(names) for unit, names in exports.items()}
        queue = sorted(exports)
        while queue:
            target = queue.pop()
            for unit in self._importers(target):
                known = wanted.setdefault(unit, set())
                if not wanted[target] <= known:
                    known |= wanted[target]
                    queue.append(unit)
        return {unit: frozenset(names) for unit, names in wanted.items()}

    def _importers(self, target: str) -> Iterable[str]:
        if target.rpartition("/")[2] == INIT:  # `from . import x` at the top names no one
            return [unit for unit in self.members if unit != target]
        tops = self._tops[target]
        return [
            unit for unit in self.members if unit != target and not tops.isdisjoint(self._of(unit))
        ]

    def _of(self, unit: str) -> frozenset[str]:
        if unit not in self._imports:
            heads = (self._heads_of(rel) for rel in self.members[unit])
            self._imports[unit] = frozenset().union(*heads)
        return self._imports[unit]

    def _top_names(self) -> dict[str, set[str]]:
        """The names with which an import can begin that leads into each unit."""
        tops: dict[str, set[str]] = {
            unit: {unit.rpartition("/")[2].removesuffix(".py")} for unit in self.members
        }
        for name, path in self.index.top_names():
            below = path + "/"
            for unit in self.members:
                if (
                    unit.startswith(below)
                    or below.startswith(f"{unit}/")
                    or unit in {path, path + ".py"}
                ):
                    tops[unit].add(name)
        return tops
