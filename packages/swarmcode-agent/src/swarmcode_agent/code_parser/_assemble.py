"""From definitions with spans to functions, methods and classes.

Both parsers end here: they say what stands where, and the nesting says the rest.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .symbols import ClassInfo, FunctionInfo


@dataclass(slots=True)
class Definition:
    """A function, a class, or a scope (an `impl` block), while it is being read.

    `start` and `end` are offsets into the source; lines count from 1.
    """

    what: Literal["function", "class", "scope"]
    name: str
    start: int
    end: int
    start_line: int
    end_line: int
    name_start: int
    body_start: int
    signature: str = ""
    kind: str = "class"
    owner: str | None = None
    docstring: str | None = None
    decorators: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)


def in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Sort by position, outer before inner, and drop what was found twice."""
    kept: dict[tuple[str, int], Definition] = {}
    for definition in definitions:
        kept.setdefault((definition.what, definition.name_start), definition)
    return sorted(kept.values(), key=lambda each: (each.start, -each.end))


def assemble(
    definitions: Sequence[Definition],
) -> tuple[tuple[FunctionInfo, ...], tuple[ClassInfo, ...]]:
    """Tell methods from functions and give every class its methods and bases."""
    owners = list(_owners(definitions))
    functions: list[FunctionInfo] = []
    methods: dict[str, list[str]] = {}
    for definition, owner in zip(definitions, owners, strict=True):
        if definition.what == "function":
            functions.append(_function(definition, owner))
            if owner:
                methods.setdefault(owner, []).append(definition.name)
    bases = _bases_of_scopes(definitions)
    classes = [
        _class(each, methods.get(each.name, []), [*each.bases, *bases.get(each.name, [])])
        for each in definitions
        if each.what == "class"
    ]
    return tuple(functions), tuple(classes)


def attach_decorators(definitions: Sequence[Definition], marks: Iterable[tuple[int, str]]) -> None:
    """Give each decorator (its offset and text) to the next definition by name."""
    by_name = sorted(definitions, key=lambda each: each.name_start)
    offsets = [each.name_start for each in by_name]
    for offset, text in marks:
        following = bisect_right(offsets, offset)
        if following < len(by_name):
            by_name[following].decorators.append(text)


def attach_bases(definitions: Sequence[Definition], marks: Iterable[tuple[int, str]]) -> None:
    """Give each base (its offset and text) to the innermost class or scope around it."""
    starts = [each.start for each in definitions]
    for offset, text in marks:
        for each in reversed(definitions[: bisect_right(starts, offset)]):
            if each.what != "function" and offset < each.end:
                each.bases.append(text)
                break


def _owners(definitions: Sequence[Definition]) -> Iterator[str | None]:
    """Say for each definition whose method it is: the class or scope right around it."""
    around: list[Definition] = []
    for definition in definitions:
        while around and around[-1].end <= definition.start:
            around.pop()
        parent = around[-1] if around else None
        inherited = parent.name if parent is not None and parent.what != "function" else None
        yield definition.owner or inherited
        around.append(definition)


def _bases_of_scopes(definitions: Iterable[Definition]) -> dict[str, list[str]]:
    bases: dict[str, list[str]] = {}
    for each in definitions:
        if each.what == "scope":
            bases.setdefault(each.name, []).extend(each.bases)
    return bases


def _function(each: Definition, owner: str | None) -> FunctionInfo:
    return FunctionInfo(
        name=each.name,
        start_line=each.start_line,
        end_line=each.end_line,
        signature=each.signature,
        docstring=each.docstring,
        decorators=tuple(each.decorators),
        is_method=owner is not None,
        class_name=owner,
    )


def _class(each: Definition, methods: Iterable[str], bases: Iterable[str]) -> ClassInfo:
    return ClassInfo(
        name=each.name,
        start_line=each.start_line,
        end_line=each.end_line,
        methods=tuple(dict.fromkeys(methods)),
        bases=tuple(dict.fromkeys(bases)),
        docstring=each.docstring,
        decorators=tuple(each.decorators),
        kind=each.kind,
    )
