"""The one face that both parsers have."""

from typing import Protocol

from .symbols import FileSymbols


class CodeParser(Protocol):
    """Reads the symbols of one file. Whatever the bytes are, it answers; it never raises."""

    @property
    def name(self) -> str:
        """Who it is, as `FileSymbols.parser` says it."""
        ...

    @property
    def version(self) -> str:
        """What its answers depend on, for caches: the same version reads alike."""
        ...

    def detect_language(self, path: str) -> str:
        """Return the language of a path by its ending, or `"unknown"`."""
        ...

    def parse(self, content: str | bytes, path: str) -> FileSymbols:
        """Return the symbols of a file's content."""
        ...
