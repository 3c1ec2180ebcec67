"""What a row shows: the files the diff touches, then the files that matter most beside them.

The touched files always come first and whole; a row whose touched files alone pass the token
budget is no row. Who ranks the rest is a choice: `Ranking` is what the code map offers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .candidates import Dropped
from .config import SynthConfig
from .history import Repository, Role, role_of
from .rows import ContextFile

_LARGEST = 400_000


class Ranking(Protocol):
    """Orders the files of a tree by how much they matter to a task."""

    def ranked(self, task: str, touched: Sequence[str], files: Mapping[str, str]) -> Sequence[str]:
        """The paths of `files`, the most useful first; some may be left out."""
        ...


def tokens(text: str) -> int:
    """An estimate where no tokenizer is at hand: four characters to a token."""
    return -(-len(text) // 4)


@dataclass(slots=True)
class ContextChooser:
    """Chooses the context of rows from the tree of the parent commit."""

    repository: Repository
    config: SynthConfig
    ranking: Ranking

    def choose(
        self, commit: str, task: str, touched: Mapping[str, str]
    ) -> tuple[ContextFile, ...] | Dropped:
        """The context files for a task on a commit's tree.

        Args:
            commit: the parent commit.
            task: what is wanted.
            touched: the pre-images of the files that the diff touches.
        """
        left = self.config.context_tokens - sum(tokens(text) for text in touched.values())
        if left < 0:
            return Dropped("the files it touches pass the context budget")
        if len(touched) > self.config.max_context_files:
            return Dropped("touches more files than the context may show")
        chosen = [ContextFile(path, touched[path]) for path in sorted(touched)]
        if len(chosen) < self.config.max_context_files and left > 0:
            others = self._others(commit, touched)
            order = self.ranking.ranked(task, sorted(touched), {**others, **touched})
            chosen += self._fitting(
                order, others, left, self.config.max_context_files - len(chosen)
            )
        return tuple(chosen)

    def _others(self, commit: str, touched: Mapping[str, str]) -> dict[str, str]:
        found = {}
        roles = {Role.SOURCE, Role.TEST} if self.config.include_tests else {Role.SOURCE}
        for path, (mode, blob) in self.repository.tree(commit).items():
            if path not in touched and role_of(path) in roles and mode in (0o100644, 0o100755):
                content = self.repository.blob(blob)
                if len(content) <= _LARGEST and path.isprintable():
                    found[path] = content.decode("utf-8", "replace")
        return found

    @staticmethod
    def _fitting(
        order: Iterable[str], files: Mapping[str, str], left: int, places: int
    ) -> list[ContextFile]:
        chosen: list[ContextFile] = []
        for path in order:
            size = tokens(files.get(path, ""))
            if len(chosen) < places and 0 < size <= left:
                chosen.append(ContextFile(path, files[path]))
                left -= size
        return chosen
