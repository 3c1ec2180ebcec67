"""What the map keeps of one file: its definitions as lines, its names, its words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from sys import intern
from typing import Self

from ..code_parser import ClassInfo, FileSymbols, FunctionInfo
from .words import parts

# In tenths: whole numbers add up alike in any order.
_WORDS_OF_PATH = 40
_WORDS_OF_NAMES = 15
_WORDS_OF_DOCS = 7
_WORDS_OF_USES = 3


@dataclass(frozen=True, slots=True)
class OutlineLine:
    """One definition as the map shows it."""

    name: str
    line: int
    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Outline:
    """One file of the map."""

    path: str
    lines: tuple[OutlineLine, ...]
    defines: frozenset[str]
    uses: dict[str, int]
    words: dict[str, int]

    def to_text(self) -> str:
        """Return the outline as JSON, for the way between processes."""
        lines = [[each.name, each.line, each.depth, each.text] for each in self.lines]
        value = [self.path, lines, sorted(self.defines), self.uses, self.words]
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the outline that `to_text` wrote.

        Names are interned: a repository says the same few thousand again and again.
        """
        path, lines, defines, uses, words = json.loads(text)
        return cls(
            path=path,
            lines=tuple(OutlineLine(intern(name), *rest) for name, *rest in lines),
            defines=frozenset(map(intern, defines)),
            uses={intern(name): count for name, count in uses.items()},
            words={intern(word): weight for word, weight in words.items()},
        )


def outline(symbols: FileSymbols) -> Outline:
    """Boil the symbols of a file down to what ranking and rendering need.

    A file also defines its own stem: `import types` leads to `types.py` without any knowledge
    of a language's rules for finding modules.
    """
    lines = tuple(sorted(_lines(symbols), key=lambda each: (each.line, each.name)))
    defines = {line.name for line in lines} | set(symbols.exports)
    if (module := _module(symbols.path)) is not None:
        defines.add(module)
    return Outline(
        path=symbols.path,
        lines=lines,
        defines=frozenset(defines),
        uses={each.name: each.count for each in symbols.references},
        words=_words(symbols),
    )


def _module(path: str) -> str | None:
    pure = PurePosixPath(path)
    stem = pure.stem
    if stem in ("__init__", "index", "mod", "lib"):
        stem = pure.parent.name
    return stem if len(stem) > 2 and stem not in ("__main__", "main", "test", "tests") else None


def _lines(symbols: FileSymbols) -> Iterator[OutlineLine]:
    for each in symbols.classes:
        yield OutlineLine(each.name, each.start_line, 0, _class_text(each))
    for function in symbols.functions:
        depth = 1 if function.is_method else 0
        yield OutlineLine(function.name, function.start_line, depth, _function_text(function))


def _class_text(each: ClassInfo) -> str:
    bases = f"({', '.join(each.bases[:4])})" if each.bases else ""
    return f"{each.kind} {each.name}{bases}"


def _function_text(each: FunctionInfo) -> str:
    text = each.signature or each.name
    return text if len(text) <= 100 else text[:99] + "…"


def _words(symbols: FileSymbols) -> dict[str, int]:
    words: dict[str, int] = {}
    for text, weight in _weighed_texts(symbols):
        for part in parts(text):
            words[part] = words.get(part, 0) + weight
    return words


def _weighed_texts(symbols: FileSymbols) -> Iterator[tuple[str, int]]:
    yield symbols.path, _WORDS_OF_PATH
    named: tuple[FunctionInfo | ClassInfo, ...] = (*symbols.functions, *symbols.classes)
    for each in named:
        yield each.name, _WORDS_OF_NAMES
        if each.docstring:
            yield each.docstring.partition("\n")[0][:200], _WORDS_OF_DOCS
    for reference in symbols.references:
        yield reference.name, _WORDS_OF_USES
