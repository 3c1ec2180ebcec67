"""The official grammars with our queries, loaded once a process and only when asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

from ..errors import MissingExtraError
from .languages import LANGUAGES, Language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Query

# What blanks the text out is asked apart from what makes symbols: thousands of comments and
# strings are cheaper as flat captures than as matches of their own.
TEXT = ("comment", "text")


@dataclass(frozen=True, slots=True)
class LoadedGrammar:
    """A grammar, and its query compiled twice: for symbols, and for comments and strings."""

    grammar: Grammar
    symbols: Query
    text: Query
    kinds: tuple[str | None, ...]


def require_tree_sitter() -> None:
    """Raise MissingExtraError unless tree-sitter and every grammar wheel are installed."""
    try:
        importlib.import_module("tree_sitter")
        for module in sorted({language.module for language in LANGUAGES}):
            importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError("TreeSitterParser", extra="treesitter") from error


@cache
def load(language: Language) -> LoadedGrammar:
    """Return the grammar and queries of a language."""
    import tree_sitter

    entry = getattr(importlib.import_module(language.module), language.entry)
    grammar = tree_sitter.Language(entry())
    source = "\n".join(_query_text(name) for name in language.queries)
    symbols, text = tree_sitter.Query(grammar, source), tree_sitter.Query(grammar, source)
    starts = [symbols.start_byte_for_pattern(index) for index in range(symbols.pattern_count)]
    for pattern, (start, end) in enumerate(pairwise([*starts, len(source)])):
        blanks = any(f"@{name}" in source[start:end] for name in TEXT)
        (symbols if blanks else text).disable_pattern(pattern)
    kinds = tuple(
        symbols.pattern_settings(index).get("kind") for index in range(symbols.pattern_count)
    )
    return LoadedGrammar(grammar, symbols, text, kinds)


def _query_text(name: str) -> str:
    return (resources.files(__package__) / "queries" / f"{name}.scm").read_text(encoding="utf-8")
