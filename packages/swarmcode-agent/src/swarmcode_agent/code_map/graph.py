"""Who uses whose names: the graph, and PageRank over it.

The graph has two kinds of nodes. A file points to the names that it uses, and a name points to
the files that define it. Kept apart like this, a name that a thousand files use and ten define
costs a thousand and ten edges, not ten thousand, and the whole stays linear in the code.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

# A name that is defined this often (`forward`, `main`, `__init__`) says nothing about where
# its user looks.
MOST_DEFINERS = 16

DAMPING = 0.7
TOLERANCE = 1e-4
MOST_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Flow:
    """What a walk over the graph gives: how often it stands on each file, and on each name."""

    files: dict[str, float]
    names: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The graph as arrays: files by index in the order of their paths."""

    paths: list[str]
    names: list[str]
    out: list[list[tuple[int, float]]]  # file → (name, share of the file's weight)
    definers: list[tuple[int, ...]]  # name → files


class NameGraph:
    """Files, the names they define and the names they use; one file can change at a time."""

    def __init__(self) -> None:
        self._defines: dict[str, frozenset[str]] = {}
        self._uses: dict[str, dict[str, int]] = {}
        self._definers: dict[str, set[str]] = {}
        self._compiled: _Compiled | None = None

    def update(self, path: str, *, defines: Iterable[str], uses: Mapping[str, int]) -> None:
        """Put a file in, or what it has become."""
        self.remove(path)
        self._defines[path] = frozenset(defines)
        self._uses[path] = dict(uses)
        for name in self._defines[path]:
            self._definers.setdefault(name, set()).add(path)

    def remove(self, path: str) -> None:
        """Take a file out; one that is not there is no error."""
        self._compiled = None
        for name in self._defines.pop(path, ()):
            definers = self._definers[name]
            definers.discard(path)
            if not definers:
                del self._definers[name]
        self._uses.pop(path, None)

    def definers(self, name: str) -> list[str]:
        """Return the files that define a name, in the order of their paths."""
        return sorted(self._definers.get(name, ()))

    def edges(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        """Yield every file with the files it leads to, and how much of its weight goes there."""
        compiled = self._compile()
        for path, out in zip(compiled.paths, compiled.out, strict=True):
            sums: dict[int, float] = {}
            for name, share in out:
                definers = compiled.definers[name]
                for definer in definers:
                    sums[definer] = sums.get(definer, 0.0) + share / len(definers)
            yield path, [(compiled.paths[each], weight) for each, weight in sorted(sums.items())]

    def walk(self, start: Mapping[str, float]) -> Flow:
        """Rank files by a random walk that begins anew at `start`, by its weights.

        Weights need not sum to one; with none at all, every file is as good a start.
        """
        compiled = self._compile()
        teleport = _normal([start.get(path, 0.0) for path in compiled.paths])
        ranks, flow = _iterate(compiled, teleport)
        return Flow(
            files=dict(zip(compiled.paths, ranks, strict=True)),
            names=dict(zip(compiled.names, flow, strict=True)),
        )

    def _compile(self) -> _Compiled:
        """Return the arrays; made again after a change, in the order of paths and names."""
        if self._compiled is None:
            self._compiled = self._arrays()
        return self._compiled

    def _arrays(self) -> _Compiled:
        paths = sorted(self._defines)
        index = {path: number for number, path in enumerate(paths)}
        number_of: dict[str, int] = {}
        definers: list[tuple[int, ...]] = []
        for name in sorted(self._definers):
            if len(self._definers[name]) <= MOST_DEFINERS:
                number_of[name] = len(definers)
                definers.append(tuple(sorted(index[path] for path in self._definers[name])))
        out = [self._shares(path, number_of) for path in paths]
        return _Compiled(paths, list(number_of), out, definers)

    def _shares(self, path: str, number_of: Mapping[str, int]) -> list[tuple[int, float]]:
        """Return what a file points to; a name that it defines itself stays at home."""
        own = self._defines[path]
        weights = [
            (number_of[name], _weight(name, count))
            for name, count in self._uses[path].items()
            if name in number_of and name not in own
        ]
        total = sum(weight for _, weight in weights)
        return sorted((name, weight / total) for name, weight in weights)


def _weight(name: str, count: int) -> float:
    """Weigh a use: by how often, and by how much the name looks like one of a kind."""
    telling = 2.0 if len(name) >= 8 else 1.0
    return telling * sqrt(count) * (0.3 if name.startswith("_") else 1.0)


def _normal(weights: list[float]) -> list[float]:
    total = sum(weights)
    return (
        [w / total for w in weights] if total > 0 else [1.0 / max(1, len(weights))] * len(weights)
    )


def _iterate(compiled: _Compiled, teleport: list[float]) -> tuple[list[float], list[float]]:
    ranks = list(teleport)
    flow = [0.0] * len(compiled.names)
    for _ in range(MOST_ROUNDS):
        flow = [0.0] * len(compiled.names)
        lost = 0.0
        for rank, out in zip(ranks, compiled.out, strict=True):
            if not out:
                lost += rank
            elif rank > 1e-9:
                for name, share in out:
                    flow[name] += rank * share
        beginning = 1.0 - DAMPING + DAMPING * lost
        fresh = [beginning * weight for weight in teleport]
        for mass, definers in zip(flow, compiled.definers, strict=True):
            if mass:
                part = DAMPING * mass / len(definers)
                for definer in definers:
                    fresh[definer] += part
        moved = sum(abs(new - old) for new, old in zip(fresh, ranks, strict=True))
        ranks = fresh
        if moved < TOLERANCE:
            break
    return ranks, flow
