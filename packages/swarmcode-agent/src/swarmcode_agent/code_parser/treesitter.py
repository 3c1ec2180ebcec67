"""TreeSitterParser: symbols from the official grammars.

Generic over languages: the query files say what is a function, a class, a base or an import,
and this module only puts the captures together. Hostile input may make a grammar slow, so every
file has a deadline; past it the file is read by patterns, and its `problems` say so. A grammar
asks for the time between its steps, and there is input on which one step takes minutes: for
files from strangers, use the processes of `workers`, which can be ended.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING

from . import _text
from ._assemble import Definition, assemble, attach_bases, attach_decorators, in_order
from .grammars import load, require_tree_sitter
from .languages import LANGUAGES, Language, detect_language, language_of
from .regexparser import PatternReading, RegexParser
from .symbols import FileSymbols

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

    from .grammars import LoadedGrammar

Captures = dict[str, list["Node"]]

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_MODIFIERS = re.compile(rb"[ \t]*(?:(?:export|default|declare|const|let|var|type)[ \t]+){0,4}")
_CHUNK = 1 << 16


class _TooSlow(Exception):  # noqa: N818 - a signal of this module, never seen outside
    """The deadline of one file has passed."""


class TreeSitterParser:
    """Reads Python, JavaScript, TypeScript, Go and Rust with their official grammars.

    Needs the `treesitter` extra; raises MissingExtraError without it. One parser serves one thread.
    """

    name = "tree-sitter"

    def __init__(self, *, seconds_per_file: float = 0.35) -> None:
        require_tree_sitter()
        self._seconds = seconds_per_file
        self._patterns = RegexParser()

    @property
    def version(self) -> str:
        """The versions of tree-sitter and of every grammar."""
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
            return _Reading(language, source, self._seconds).symbols(path)
        except _TooSlow:
            return self._patterns.parse(
                source, path, because=f"the grammar took over {self._seconds:g} s"
            )


class _Reading:
    """One file while it is read: its tree, its captures, its blanked text."""

    def __init__(self, language: Language, source: bytes, seconds: float) -> None:
        self._language = language
        self._source = source
        self._seconds = seconds
        self._began, self._worked = time.monotonic(), time.thread_time()
        self._loaded: LoadedGrammar = load(language)
        self._tree = self._parse()
        comments, strings = self._text_spans()
        self._code = _text.blank(source, comments)
        self._masked = _text.blank(self._code, strings)
        self._lines = source.split(b"\n")

    def symbols(self, path: str) -> FileSymbols:
        found: list[tuple[int, Definition]] = []
        marks: dict[str, list[tuple[int, str]]] = {"decorator": [], "base": []}
        names: dict[str, dict[str, None]] = {"import": {}, "export": {}}
        for pattern, captures in self._matches():
            if "name" in captures or "scope" in captures:
                found.append((pattern, self._definition(pattern, captures)))
            for what, listed in marks.items():
                listed.extend(
                    (node.start_byte, self._plain(node).removeprefix("@"))
                    for node in captures.get(what, ())
                )
            for what, ordered in names.items():
                ordered.update((self._plain(node), None) for node in captures.get(what, ()))
        found.sort(key=lambda each: each[0])  # the query says first what is more exact
        definitions = in_order(definition for _, definition in found)
        if self._tree.root_node.has_error:
            definitions = in_order([*definitions, *self._lost(definitions)])
        attach_decorators(definitions, marks["decorator"])
        attach_bases(definitions, marks["base"])
        functions, classes = assemble(definitions)
        own = [each.name for each in definitions if each.what != "scope"]
        return FileSymbols(
            path=path,
            language=self._language.name,
            functions=functions,
            classes=classes,
            imports=tuple(names["import"]),
            exports=tuple(names["export"]),
            references=_text.references(self._masked, self._language.keywords, own),
            parser=TreeSitterParser.name,
            problems=("the code has syntax errors",) if self._tree.root_node.has_error else (),
        )

    def _lost(self, found: list[Definition]) -> Iterator[Definition]:
        """Yield what patterns still see in broken code where the tree has lost it."""
        known = {(each.name, each.start_line) for each in found}
        for each in PatternReading(self._language, self._source).definitions():
            if (each.name, each.start_line) not in known:
                yield each

    # ── the tree and its captures ─────────────────────────────────────────────────────

    def _parse(self) -> Tree:
        from tree_sitter import Parser

        source = self._source
        try:
            return Parser(self._loaded.grammar).parse(
                lambda offset, _point: source[offset : offset + _CHUNK],
                progress_callback=lambda _offset, _has_error: self._is_late(),
            )
        except ValueError as error:  # how tree-sitter says that the callback stopped it
            raise _TooSlow from error

    def _is_late(self) -> bool:
        """Say whether the file has used up its time: processor time, so that load does not count.

        Asking for that is slow, so the wall clock is asked first: it can only be ahead.
        """
        return time.monotonic() - self._began > self._seconds and (
            time.thread_time() - self._worked > self._seconds
        )

    def _text_spans(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        from tree_sitter import QueryCursor

        captures = QueryCursor(self._loaded.text).captures(self._tree.root_node)
        comments, strings = (
            [(node.start_byte, node.end_byte) for node in captures.get(name, ())]
            for name in ("comment", "text")
        )
        if self._is_late():
            raise _TooSlow
        return comments, strings

    def _matches(self) -> list[tuple[int, Captures]]:
        from tree_sitter import QueryCursor

        matches = QueryCursor(self._loaded.symbols).matches(self._tree.root_node)
        if self._is_late():
            raise _TooSlow
        return matches

    # ── one definition ────────────────────────────────────────────────────────────────

    def _definition(self, pattern: int, captures: Captures) -> Definition:
        what, node = next(
            (what, captures[what][0]) for what in ("function", "class", "scope") if what in captures
        )
        start, end = node.start_byte, node.end_byte
        body = captures["body"][0] if "body" in captures else None
        head_end = body.start_byte if body is not None else end
        end_line = node.end_point[0] + 1
        if (
            self._language.indented
        ):  # a block takes in the comments after it; Python's own ast does not
            trimmed = self._masked[start:end].rstrip()
            end_line -= self._masked.count(b"\n", start + len(trimmed), end)
            end = start + len(trimmed)
        name = captures["name"][0] if "name" in captures else None
        start_line = node.start_point[0] + 1
        return Definition(
            what=what,
            name=self._plain(name) if name is not None else self._owner(captures) or "",
            start=start,
            end=end,
            start_line=start_line,
            end_line=end_line,
            name_start=name.start_byte if name is not None else start,
            body_start=head_end,
            signature=_text.one_line(self._with_modifiers(start, head_end)).rstrip(" {:=>;"),
            kind=self._loaded.kinds[pattern] or "class",
            owner=self._owner(captures) if what == "function" else None,
            docstring=self._docstring(body, start_line),
            bases=self._bases(captures),
        )

    def _plain(self, node: Node) -> str:
        """Return a node's source on one line, without an attribute's brackets."""
        text = _text.one_line(self._code[node.start_byte : node.end_byte])
        return text[2:-1].strip() if text.startswith("#[") else text

    def _with_modifiers(self, start: int, end: int) -> bytes:
        """Return a head with the words before it that belong to it, such as `export const`."""
        line_start = self._code.rfind(b"\n", 0, start) + 1
        before = self._code[line_start:start]
        return self._code[line_start if _MODIFIERS.fullmatch(before) else start : end]

    def _owner(self, captures: Captures) -> str | None:
        if "owner" not in captures:
            return None
        found = _IDENTIFIER.search(self._plain(captures["owner"][0]))
        return found.group() if found else None

    def _docstring(self, body: Node | None, start_line: int) -> str | None:
        if self._language.indented:
            return _text.docstring_at(self._code, body.start_byte) if body is not None else None
        return _text.comment_above(self._lines, start_line)

    def _bases(self, captures: Captures) -> list[str]:
        return [
            self._plain(base)
            for listed in captures.get("bases", ())
            for base in listed.named_children
            if base.type not in ("keyword_argument", "comment")
        ]
