"""CodeMap: the files of a repository, ranked for a task and rendered into a budget."""

from collections.abc import Iterable

from ..code_parser import FileSymbols
from .focus import Focus
from .graph import NameGraph
from .lexicon import Lexicon
from .outline import Outline, outline
from .ranking import RankedFile, Ranker, Weights
from .render import RenderedMap, most_entries, render
from .tokens import CharacterEstimate, TokenCounter


class CodeMap:
    """Definitions and uses of a whole repository, kept so that one file can change at a time.

    It holds names, lines and signatures, not the code. The same files give the same answers,
    byte for byte, in whatever order they came.
    """

    def __init__(
        self, files: Iterable[FileSymbols] = (), *, weights: Weights | None = None
    ) -> None:
        self._outlines: dict[str, Outline] = {}
        self._graph = NameGraph()
        self._lexicon = Lexicon()
        self._weights = weights or Weights()
        for symbols in files:
            self.update(symbols)

    def __len__(self) -> int:
        return len(self._outlines)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of the map, in order."""
        return tuple(sorted(self._outlines))

    @property
    def graph(self) -> NameGraph:
        """Who uses whose names."""
        return self._graph

    def update(self, symbols: FileSymbols) -> None:
        """Put a file in, or what it has become."""
        self.put(outline(symbols))

    def put(self, fresh: Outline) -> None:
        """Put a file in by its outline, as a reading process hands it over."""
        self._outlines[fresh.path] = fresh
        self._graph.update(fresh.path, defines=fresh.defines, uses=fresh.uses)
        self._lexicon.update(fresh.path, fresh.words)

    def remove(self, path: str) -> None:
        """Take a file out; one that is not there is no error."""
        if self._outlines.pop(path, None) is not None:
            self._graph.remove(path)
            self._lexicon.remove(path)

    def rank(self, focus: Focus | None = None) -> tuple[RankedFile, ...]:
        """Return every file, the most relevant for a focus first."""
        return self._ranker().rank(focus or Focus())

    def render(
        self,
        focus: Focus | None = None,
        *,
        budget: int = 1024,
        counter: TokenCounter | None = None,
    ) -> RenderedMap:
        """Return the map as text of at most `budget` tokens.

        Give the counter of the model that will read it. Without one, tokens are estimated from
        characters, and the result says so (`exact` is False).
        """
        ranked = self._ranker().rank(focus or Focus(), most=most_entries(budget))
        return render(ranked, budget=budget, counter=counter or CharacterEstimate())

    def _ranker(self) -> Ranker:
        return Ranker(self._outlines, self._graph, self._lexicon, weights=self._weights)
