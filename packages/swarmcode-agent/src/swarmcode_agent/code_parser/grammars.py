"""The official grammars with our queries, loaded once a process and only when asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from ..errors import MissingExtraError
from .languages import LANGUAGES, Language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Query


@dataclass(frozen=True, slots=True)
class LoadedGrammar:
    """A grammar, its query, and for every pattern of the query what it calls a class."""

    grammar: Grammar
    query: Query
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
    """Return the grammar and the query of a language."""
    import tree_sitter

    entry = getattr(importlib.import_module(language.module), language.entry)
    grammar = tree_sitter.Language(entry())
    query = tree_sitter.Query(grammar, "\n".join(map(_query_text, language.queries)))
    kinds = [query.pattern_settings(index).get("kind") for index in range(query.pattern_count)]
    return LoadedGrammar(grammar, query, tuple(kinds))


def _query_text(name: str) -> str:
    return (resources.files(__package__) / "queries" / f"{name}.scm").read_text(encoding="utf-8")
