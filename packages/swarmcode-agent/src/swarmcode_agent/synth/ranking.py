"""Which files lie near a task: the order in which a context shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath


class NeighbourRanking:
    """Ranks by names: files that name a touched module, and files that the task names.

    It reads names alone and knows no symbols; where a code map is at hand, that ranks better.
    """

    def ranked(self, task: str, touched: Sequence[str], files: Mapping[str, str]) -> Sequence[str]:
        """The paths of `files` with anything in common with the task, nearest first."""
        words = {word.lower() for word in re.findall(r"[A-Za-z_]{4,}", task)}
        stems = {PurePosixPath(path).stem for path in touched} - {"__init__", "index"}
        homes = {PurePosixPath(path).parent for path in touched}
        scored = []
        for path, text in files.items():
            pure = PurePosixPath(path)
            names = set(re.findall(r"[a-z]{3,}", pure.stem.lower()))
            score = 3.0 * len(names & words) + 2.0 * (pure.parent in homes)
            score += sum(2.0 for stem in stems if stem in text) + 4.0 * _is_test_of(pure, stems)
            if score:
                scored.append((-score, len(text), path))
        return [path for *_, path in sorted(scored)]


def _is_test_of(path: PurePosixPath, stems: set[str]) -> bool:
    return path.stem.removeprefix("test_").removesuffix("_test") in stems and "test" in path.stem
