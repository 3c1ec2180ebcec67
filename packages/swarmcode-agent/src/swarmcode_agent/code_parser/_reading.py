"""One file read with its grammar: its tree, what the queries capture, and the symbols in it.

Generic over languages: the query files say what is a function, a class, a base or an import,
and this module only puts the captures together.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import _text
from ._assemble import Definition, assemble, attach_bases, attach_decorators, in_order
from .grammars import load
from .languages import Language
from .regexparser import PatternReading
from .symbols import FileSymbols

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

Captures = dict[str, list["Node"]]

NAME = "tree-sitter"

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_MODIFIERS = re.compile(rb"[ \t]*(?:(?:export|default|declare|const|let|var|type)[ \t]+){0,4}")
_CHUNK = 1 << 16


class TooSlowError(Exception):
    """The grammar has used up its time for one file; never seen outside of this package."""


class GrammarReading:
    """One file while it is read. Raises TooSlowError when it has used its processor time."""

    def __init__(self, language: Language, source: bytes, *, seconds: float) -> None:
        self._language = language
        self._source = source
        self._seconds = seconds
        self._began, self._worked = time.monotonic(), time.thread_time()
        self._grammar = load(language)
        self._tree = self._parse()
        self._matches: list[tuple[int, Captures]] = []  # those that are definitions
        self._captured: defaultdict[str, list[Node]] = defaultdict(list)  # every node, by capture
        self._query()
        self._code = _text.blank(source, self._spans("comment"))
        self._masked = _text.blank(self._code, self._spans("text"))
        self._lines = [] if language.indented else source.split(b"\n")

    def symbols(self, path: str) -> FileSymbols:
        """Return what the file holds; of broken code, what stands."""
        broken = self._tree.root_node.has_error
        definitions = in_order(self._definitions())
        if broken:
            definitions = in_order([*definitions, *self._lost(definitions)])
        attach_decorators(definitions, self._marks("decorator"))
        attach_bases(definitions, self._marks("base"))
        functions, classes = assemble(definitions)
        own = [each.name for each in definitions if each.what != "scope"]
        return FileSymbols(
            path=path,
            language=self._language.name,
            functions=functions,
            classes=classes,
            imports=self._names("import"),
            exports=self._names("export"),
            references=_text.references(self._masked, self._language.keywords, own),
            parser=NAME,
            problems=("the code has syntax errors",) if broken else (),
        )

    # ── the tree and its captures ─────────────────────────────────────────────────────

    def _parse(self) -> Tree:
        from tree_sitter import Parser

        source = self._source
        try:
            return Parser(self._grammar.grammar).parse(
                lambda offset, _point: source[offset : offset + _CHUNK],
                progress_callback=lambda _offset, _has_error: self._is_late(),
            )
        except ValueError as error:  # how tree-sitter says that the callback stopped it
            raise TooSlowError from error

    def _is_late(self) -> bool:
        """Say whether the file has used up its time: processor time, so that load does not count.

        Asking for that is slow, so the wall clock is asked first: it can only be ahead.
        """
        return time.monotonic() - self._began > self._seconds and (
            time.thread_time() - self._worked > self._seconds
        )

    def _query(self) -> None:
        from tree_sitter import QueryCursor

        for pattern, captures in QueryCursor(self._grammar.query).matches(self._tree.root_node):
            if "name" in captures or "scope" in captures:
                self._matches.append((pattern, captures))
            for what, nodes in captures.items():
                self._captured[what] += nodes
        if self._is_late():
            raise TooSlowError

    def _spans(self, what: str) -> Iterator[tuple[int, int]]:
        return (node.byte_range for node in self._captured[what])

    def _marks(self, what: str) -> Iterator[tuple[int, str]]:
        """Yield what belongs to a definition near it: its offset and its text."""
        return (
            (node.start_byte, self._plain(node).removeprefix("@")) for node in self._captured[what]
        )

    def _names(self, what: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._plain(node) for node in self._captured[what]))

    # ── definitions ───────────────────────────────────────────────────────────────────

    def _definitions(self) -> Iterator[Definition]:
        """Yield the definitions that the tree has, in the order of their patterns.

        Where two patterns find the same one, the query file says the more exact one first.
        """
        for pattern, captures in sorted(self._matches, key=lambda each: each[0]):
            yield self._definition(pattern, captures)

    def _lost(self, found: list[Definition]) -> Iterator[Definition]:
        """Yield what patterns still see in broken code where the tree has lost it."""
        known = {(each.name, each.start_line) for each in found}
        for each in PatternReading(self._language, self._source).definitions():
            if (each.name, each.start_line) not in known:
                yield each

    def _definition(self, pattern: int, captures: Captures) -> Definition:
        what, node = next(
            (what, captures[what][0]) for what in ("function", "class", "scope") if what in captures
        )
        start = node.start_byte
        end, end_line = self._end(node)
        name = captures["name"][0] if "name" in captures else None
        body = captures["body"][0] if "body" in captures else None
        head_end = body.start_byte if body is not None else end
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
            kind=self._grammar.kinds[pattern] or "class",
            owner=self._owner(captures) if what == "function" else None,
            docstring=self._docstring(body, start_line),
            bases=self._bases(captures),
        )

    def _end(self, node: Node) -> tuple[int, int]:
        """Return the offset and the line at which a definition ends.

        A block of Python's grammar takes in the comments after it; Python's own ast does not.
        """
        start, end = node.byte_range
        end_line = node.end_point[0] + 1
        if not self._language.indented:
            return end, end_line
        last = start + len(self._masked[start:end].rstrip())
        return last, end_line - self._masked.count(b"\n", last, end)

    def _plain(self, node: Node) -> str:
        """Return a node's source on one line, without an attribute's brackets."""
        start, end = node.byte_range
        text = _text.one_line(self._code[start:end])
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
