"""From facts to detections, again and again: only what a change can touch is done anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from .ancestry import Ancestry
from .contexts import Contexts
from .drafts import Drafter, Drafts
from .facts import ModuleFacts
from .growth import Growth
from .link import Linked, Linker
from .modules import ModuleIndex
from .resolve import Resolver


class Meaning:
    """What the names of a project's files mean.

    It holds for one set of paths: a new or missing file can change what any import means, so
    that another set needs another `Meaning`.
    """

    def __init__(
        self,
        contexts: Contexts,
        rels: Collection[str],
        facts_of: Callable[[str], ModuleFacts | None],
        fingerprint_of: Callable[[str], str],
    ) -> None:
        self.rels = frozenset(rels)
        self.index = ModuleIndex(self.rels, contexts.source_roots)
        self._facts_of = facts_of
        self._drafter = Drafter(Ancestry(Resolver(self.index, facts_of)))
        self._drafts: dict[str, Drafts] = {}
        self.growth: Growth | None = None
        self._linker = Linker(contexts, self.index.name_of, fingerprint_of)

    def forget(self, changed: frozenset[str]) -> None:
        """Drop what depends on files that have changed."""
        self._drafts = {
            rel: drafts for rel, drafts in self._drafts.items() if not drafts.depends & changed
        }
        self._drafter.ancestry.forget(changed)
        if self.growth is not None:
            self.growth.forget(changed)

    def carry(self, carriers: frozenset[str]) -> None:
        """Say which names lead on to a base; drafts made with other names are void."""
        if self._drafter.carriers != carriers:
            self._drafter.carriers = carriers
            self._drafts.clear()

    def detections(self, rels: Iterable[str]) -> Linked:
        """The artifacts of these files."""
        drafts = [self._draft(rel) for rel in rels if self._facts_of(rel) is not None]
        linked = self._linker.link(draft for item in drafts for draft in item.drafts)
        linked.errors += [line for item in drafts for line in item.errors]
        linked.warnings += [line for item in drafts for line in item.warnings]
        return linked

    def _draft(self, rel: str) -> Drafts:
        if rel not in self._drafts:
            self._drafts[rel] = self._drafter.draft(rel)
        return self._drafts[rel]
