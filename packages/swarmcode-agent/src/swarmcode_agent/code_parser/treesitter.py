"""TreeSitterParser: symbols from the official grammars, within a time, whatever the bytes are."""

from __future__ import annotations

from . import _text
from ._reading import NAME, GrammarReading, TooSlowError
from .grammars import require_tree_sitter
from .guarded import read_guarded
from .languages import LANGUAGES, Language, detect_language, language_of
from .regexparser import RegexParser
from .symbols import FileSymbols
from .workers import HARMLESS, WorkerDiedError


class TreeSitterParser:
    """Reads Python, JavaScript, TypeScript, Go and Rust with their official grammars.

    Needs the `treesitter` extra; raises MissingExtraError without it.

    A file on which a grammar takes over `seconds_per_file` of processor time is read by patterns,
    and its `problems` say so. A grammar can also be stuck where it cannot be stopped, so all but
    the shortest files are read in a process that can be ended, started with the first of them
    (about a tenth of a second) and kept. `guarded=False` reads in this process: for code that you
    trust, and for processes that are there to be ended.
    """

    name = NAME

    def __init__(self, *, seconds_per_file: float = 0.35, guarded: bool = True) -> None:
        require_tree_sitter()
        self._seconds = seconds_per_file
        self._guarded = guarded
        self._patterns = RegexParser()

    @property
    def version(self) -> str:
        """The versions of tree-sitter and of every grammar."""
        from importlib import metadata

        wheels = sorted({language.module.replace("_", "-") for language in LANGUAGES})
        return " ".join(f"{wheel}={metadata.version(wheel)}" for wheel in ("tree-sitter", *wheels))

    def detect_language(self, path: str) -> str:
        """Return the language of a path by its ending, or `"unknown"`."""
        return detect_language(path)

    def parse(self, content: str | bytes, path: str) -> FileSymbols:
        """Return the symbols of a file; of broken code, those that stand."""
        language = language_of(path)
        if language is None:
            return FileSymbols(path, detect_language(path))
        source = _text.to_bytes(content)
        try:
            return self._read(language, source, path)
        except TooSlowError:
            because = f"the grammar took over {self._seconds:g} s"
        except WorkerDiedError as death:
            because = str(death)
        return self._patterns.parse(source, path, because=because)

    def _read(self, language: Language, source: bytes, path: str) -> FileSymbols:
        if self._guarded and len(source) > HARMLESS:
            return read_guarded(source, path, seconds=self._seconds)
        return GrammarReading(language, source, seconds=self._seconds).symbols(path)
