"""From a focus to an order of files and of the definitions in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import words
from .focus import Focus
from .graph import NameGraph
from .lexicon import Lexicon
from .outline import Outline, OutlineLine


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign counts. Found on real histories; see docs/guides/code-map.md."""

    walk: float = 0.35
    words: float = 1.0
    mention: float = 1.2
    recent: float = 0.8
    focus: float = 2.0
    recency_decay: float = 0.97
    start_words: float = 1.0
    start_recent: float = 0.5
    start_mention: float = 1.0
    start_focus: float = 2.0
    start_any: float = 0.05


@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file with its place: the score, and its definitions with theirs, best first."""

    path: str
    score: float
    lines: tuple[tuple[OutlineLine, float], ...] = field(repr=False)


class Ranker:
    """Ranks the files of one map for one focus."""

    def __init__(
        self,
        outlines: Mapping[str, Outline],
        graph: NameGraph,
        lexicon: Lexicon,
        *,
        weights: Weights,
    ) -> None:
        self._outlines = outlines
        self._graph = graph
        self._lexicon = lexicon
        self._weights = weights

    def rank(self, focus: Focus, *, most: int | None = None) -> tuple[RankedFile, ...]:
        """Return every file, best first; equal scores in the order of their paths.

        `most` is how many files to order the definitions of; the others come without.
        """
        weights = self._weights
        stems, names = set(words.task_stems(focus.task)), words.identifiers(focus.task)
        by_words = _scaled(self._lexicon.search(stems))
        mentioned = _scaled(self._mentions(focus.task))
        recent = _scaled(_recency(focus.recent, weights.recency_decay))
        start = _sum(
            (by_words, weights.start_words),
            (mentioned, weights.start_mention),
            (recent, weights.start_recent),
            (dict.fromkeys(focus.files, 1.0), weights.start_focus),
            (dict.fromkeys(self._outlines, 1.0 / max(1, len(self._outlines))), weights.start_any),
        )
        flow = self._graph.walk(start)
        scores = _sum(
            (_scaled(flow.files), weights.walk),
            (by_words, weights.words),
            (mentioned, weights.mention),
            (recent, weights.recent),
            (dict.fromkeys(focus.files, 1.0), weights.focus),
        )
        ordered = sorted(self._outlines, key=lambda path: (-scores.get(path, 0.0), path))
        shown = set(ordered[:most])
        return tuple(
            RankedFile(
                path,
                scores.get(path, 0.0),
                _lines(self._outlines[path], flow.names, stems, names) if path in shown else (),
            )
            for path in ordered
        )

    def _mentions(self, task: str) -> dict[str, float]:
        """Score the files that a task names, by path or by a name that they define."""
        found: dict[str, float] = {}
        suffixes = tuple("/" + mention.lstrip("./") for mention in words.paths(task))
        for path in self._outlines if suffixes else ():
            if f"/{path}".endswith(suffixes):
                found[path] = 2.0
        for name in sorted(words.identifiers(task)):  # sums of floats depend on their order
            definers = self._graph.definers(name)
            for path in definers:
                found[path] = found.get(path, 0.0) + 1.0 / len(definers)
        return found


def _lines(
    outline: Outline, flow: Mapping[str, float], stems: set[str], names: set[str]
) -> tuple[tuple[OutlineLine, float], ...]:
    """Order the definitions of a file: named by the task, met by its words, used by others."""
    top = max((flow.get(line.name, 0.0) for line in outline.lines), default=0.0) or 1.0
    scored = [
        (
            line,
            flow.get(line.name, 0.0) / top
            + 2.0 * (line.name in names)
            + 0.8 * len(stems.intersection(words.parts(line.name)))
            + (0.2 if line.depth == 0 else 0.0)
            - (0.3 if line.name.startswith("_") else 0.0),
        )
        for line in outline.lines
    ]
    return tuple(sorted(scored, key=lambda pair: (-pair[1], pair[0].line, pair[0].name)))


def _recency(recent: Sequence[str], decay: float) -> dict[str, float]:
    scores: dict[str, float] = {}
    weight = 1.0
    for path in recent:
        scores[path] = scores.get(path, 0.0) + weight
        weight *= decay
    return scores


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values(), default=0.0)
    return {path: score / top for path, score in scores.items()} if top > 0 else {}


def _sum(*terms: tuple[Mapping[str, float], float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for scores, weight in terms:
        for path, score in scores.items():
            total[path] = total.get(path, 0.0) + weight * score
    return total
