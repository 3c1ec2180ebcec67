"""RegexParser: symbols from patterns, for when no grammar is installed.

It needs nothing beyond Python. It sees what is written in the usual way; heads that run over
many lines or hide in macros may escape it. Its time grows with the length of the file alone.
"""

import re
from collections.abc import Iterator
from functools import cache

from . import _text
from ._assemble import Definition, assemble, attach_decorators, in_order
from ._heads import brace_head_end, python_head_end, split_arguments
from ._structure import Braces, Indentation, Lines
from .languages import Language, detect_language, language_of
from .patterns import EXPORTS, IMPORTS, PATTERNS, Pattern
from .symbols import FileSymbols

_DECORATOR = re.compile(
    rb"^[ \t]*(?:@(?P<at>[\w$.]+(?:\([^\n]{0,200}\))?)|#\[(?P<hash>[^\n]{1,200})\])[ \t]*\r?$",
    re.MULTILINE,
)
_ALL = re.compile(
    rb"^__all__[^=\n]{0,80}=[ \t]*[\[(](?P<names>[^\])]{0,100000})[\])]", re.MULTILINE
)
_QUOTED = re.compile(rb"['\"](\w+)['\"]")
_SPLIT_BASES = re.compile(r"\bextends\b|\bimplements\b|[,+]")
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")
_EMBEDDED = re.compile(rb"^[ \t]*\*?([\w.]+)(?:\[[^\]\n]{1,80}\])?[ \t]*\r?$", re.MULTILINE)
_GO_DECLARATION = re.compile(rb"^(?:func|type|var|const)\b", re.MULTILINE)
_EXPORT_CLAUSE = re.compile(rb"^[ \t]*export[ \t]*(?:type[ \t]*)?\{([^{}]{0,5000})\}", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(
    rb"^[ \t]*export[ \t]+default[ \t]+(?!(?:async|abstract|function|class|interface|enum)\b)",
    re.MULTILINE,
)
_NOT_METHODS = frozenset(b"if for while switch catch function return do else with".split())


class RegexParser:
    """Reads the same languages as TreeSitterParser, without dependencies and less exactly."""

    name = "regex"
    version = "regex=1"

    def detect_language(self, path: str) -> str:
        """Return the language of a path by its ending, or `"unknown"`."""
        return detect_language(path)

    def parse(self, content: str | bytes, path: str, *, because: str = "") -> FileSymbols:
        """Return the symbols of a file; `because` says why no grammar read it, for `problems`."""
        language = language_of(path)
        if language is None:
            return FileSymbols(path, detect_language(path))
        reading = PatternReading(language, _text.to_bytes(content))
        problems = (f"read by patterns: {because}",) if because else ()
        return reading.symbols(path, problems)


class PatternReading:
    """One file while it is read: its blanked text and its blocks."""

    def __init__(self, language: Language, source: bytes) -> None:
        self._language = language
        self._lines = Lines(source)
        self._raw_lines = source.split(b"\n")
        comments, strings = _spans(language, source)
        self._code = _text.blank(source, comments)
        self._masked = _text.blank(self._code, [(a + 1, b - 1) for a, b in strings if b - a > 2])
        self._braces = Braces(self._masked)
        self._indentation: Indentation | None = None
        if language.indented:
            inside = {
                number
                for start, end in strings
                for number in range(self._lines.number(start) + 1, self._lines.number(end - 1) + 1)
            }
            self._indentation = Indentation(self._masked, inside)

    def symbols(self, path: str, problems: tuple[str, ...]) -> FileSymbols:
        """Return what the file holds, put together."""
        definitions = self.definitions()
        marks = (
            (m.start(), _text.to_text(m["at"] or m["hash"]))
            for m in _DECORATOR.finditer(self._code)
        )
        attach_decorators(definitions, marks)
        functions, classes = assemble(definitions)
        own = [each.name for each in definitions if each.what != "scope"]
        return FileSymbols(
            path=path,
            language=self._language.name,
            functions=functions,
            classes=classes,
            imports=tuple(dict.fromkeys(self._imports())),
            exports=tuple(dict.fromkeys(self._exports())),
            references=_text.references(self._masked, self._language.keywords, own),
            parser=RegexParser.name,
            problems=problems,
        )

    # ── definitions ───────────────────────────────────────────────────────────────────

    def definitions(self) -> list[Definition]:
        """Return the definitions in order, not yet put together."""
        return in_order(self._definitions())

    def _definitions(self) -> Iterator[Definition]:
        bodies: set[int] = set()
        for pattern in sorted(
            PATTERNS.get(self._language.name, ()), key=lambda each: each.only_inside
        ):
            for found in pattern.regex.finditer(self._masked):
                if pattern.only_inside and not self._is_method(found, bodies):
                    continue
                definition = self._definition(pattern, found)
                if pattern.what == "class":
                    bodies.add(definition.body_start)
                yield definition

    def _is_method(self, found: re.Match[bytes], bodies: set[int]) -> bool:
        """Say whether a head stands right in a class body, no deeper."""
        return (
            found["name"] not in _NOT_METHODS and self._braces.around(found.start("name")) in bodies
        )

    def _definition(self, pattern: Pattern, found: re.Match[bytes]) -> Definition:
        groups = {name: _text.to_text(raw or b"") for name, raw in found.groupdict().items()}
        start = found.end() - len(found.group().lstrip())
        line = self._lines.number(start)
        body, end = self._extent(found, line, pattern)
        return Definition(
            what=pattern.what,
            name=groups["name"],
            start=start,
            end=end,
            start_line=line,
            end_line=self._lines.number(max(start, end - 1)),
            name_start=found.start("name"),
            body_start=body,
            signature=_text.one_line(self._code[start:body]).rstrip(" {:=>;"),
            kind=groups.get("kind") or ("type" if self._language.name == "go" else "class"),
            owner=groups.get("owner") or None,
            docstring=self._docstring(body, line),
            bases=list(self._bases(found, groups.get("bases", ""), body, end)),
        )

    def _extent(self, found: re.Match[bytes], line: int, pattern: Pattern) -> tuple[int, int]:
        """Return where the body of a head begins and where the whole definition ends."""
        if self._indentation is not None:
            body = python_head_end(self._masked, found.end())
            last = max(self._indentation.end_line(line), self._lines.number(body - 1))
            return body, self._lines.end(last, self._masked)
        by_line = pattern.bodiless or found.groupdict().get("kind") == b"type"
        opening, end = brace_head_end(self._masked, found, by_line=by_line)
        if opening is None:
            return (found.end() if found.group().endswith(b"=>") else end), end
        return opening, self._braces.end(opening)

    def _docstring(self, body: int, line: int) -> str | None:
        if self._language.indented:
            return _text.docstring_at(self._code, body)
        return _text.comment_above(self._raw_lines, line)

    def _bases(self, found: re.Match[bytes], text: str, body: int, end: int) -> Iterator[str]:
        if self._language.indented:
            if not found.group().lstrip().startswith(b"class"):
                return
            head = _text.to_text(self._code[found.end() : body]).strip().removesuffix(":")
            text = head.strip()[1:-1] if head.startswith("(") else ""
            yield from (each for each in split_arguments(text) if "=" not in each)
        elif self._language.name == "go":
            if found.groupdict().get("kind"):
                block = self._masked[body + 1 : min(end - 1, body + 20_000)]
                yield from (_text.to_text(m[1]) for m in _EMBEDDED.finditer(block))
        else:
            while text != (text := _TYPE_ARGUMENTS.sub("", text)):
                pass
            yield from (each.strip() for each in _SPLIT_BASES.split(text) if each.strip())

    # ── imports and exports ───────────────────────────────────────────────────────────

    def _imports(self) -> Iterator[str]:
        name = self._language.name
        if name not in IMPORTS:
            return
        code = self._code
        if name == "go" and (first := _GO_DECLARATION.search(self._masked)):
            code = code[: first.start()]
        for found in IMPORTS[name].finditer(code):
            text = next(raw for key, raw in found.groupdict().items() if raw and len(key) > 1)
            if (
                self._masked[found.start() : found.start() + 1]
                != code[found.start() : found.start() + 1]
            ):
                continue  # inside a string
            if found.groupdict().get("modules"):
                for each in _text.to_text(text).split(","):
                    yield each.split(" as ")[0].strip()
            else:
                yield _text.one_line(text)

    def _exports(self) -> Iterator[str]:
        name = self._language.name
        if name == "python":
            for found in _ALL.finditer(self._code):
                yield from (_text.to_text(each) for each in _QUOTED.findall(found["names"]))
            return
        if name not in EXPORTS:
            return
        for found in EXPORTS[name].finditer(self._masked):
            yield _text.to_text(next(raw for raw in found.groups() if raw))
        if name in ("javascript", "typescript"):
            for clause in _EXPORT_CLAUSE.finditer(self._masked):
                for each in _text.to_text(clause[1]).split(","):
                    if words := each.split():
                        yield words[-1]
            if _EXPORT_DEFAULT.search(self._masked):
                yield "default"


def _spans(
    language: Language, source: bytes
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return where comments and where strings stand."""
    comments: list[tuple[int, int]] = []
    strings: list[tuple[int, int]] = []
    for found in _skipper(language).finditer(source):
        (strings if found["text"] is not None else comments).append(found.span())
    return comments, strings


@cache
def _skipper(language: Language) -> re.Pattern[bytes]:
    source = f"(?P<text>{language.text})|(?P<comment>{language.comment})"
    return re.compile(source.encode(), re.DOTALL)
