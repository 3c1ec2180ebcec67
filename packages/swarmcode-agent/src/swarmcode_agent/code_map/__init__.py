"""Rank the files of a repository for a task, and show them within a token budget."""

from .codemap import CodeMap
from .document import DocumentHead, FileRecord, Totals, read_document, write_document
from .enrich import Enricher
from .focus import Focus
from .folder import map_folder
from .ranking import RankedFile, Weights
from .render import RenderedMap
from .tokens import CharacterEstimate, EncoderCounter, TokenCounter, tokenizer_file

__all__ = [
    "CharacterEstimate",
    "CodeMap",
    "DocumentHead",
    "EncoderCounter",
    "Enricher",
    "FileRecord",
    "Focus",
    "RankedFile",
    "RenderedMap",
    "TokenCounter",
    "Totals",
    "Weights",
    "map_folder",
    "read_document",
    "tokenizer_file",
    "write_document",
]
