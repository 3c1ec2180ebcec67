"""Artifacts with every type read: what a bounded context promises, and what it cannot say.

Both ends of every comparison have this form: what the code says now, and what a baseline said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .model import EnumType, FieldDef, MessageType, NestedType, Response
from .reading import Reading, read_type
from .terms import Maybe, Scalar, Term

RESULT = "result"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the contract does not express: which field of which class, and why."""

    context: str
    owner: str
    field: str
    problem: str

    def __str__(self) -> str:
        where = f"{self.owner}.{self.field}" if self.field else self.owner
        return f"{self.context}: {where}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `term` never is a `Maybe`: `nullable` says that None is a value.

    Without `declared`, the term was guessed.
    """

    name: str
    term: Term
    required: bool
    nullable: bool
    default: str | None = None
    alias: str | None = None
    declared: bool = True

    @property
    def wire_name(self) -> str:
        """What JSON calls it."""
        return self.alias or self.name

    @property
    def optional(self) -> bool:
        """Whether it may be left out, so that its absence has to be told from a zero."""
        return self.nullable or not self.required


@dataclass(frozen=True, slots=True)
class Message:
    """A class with fields."""

    name: str
    fields: tuple[Field, ...] = ()

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((item for item in self.fields if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A command, query or event, with all that it uses.

    `answer` is what a query's handler answers, None where that is not known.
    """

    context: str
    kind: str
    key: str
    name: str
    message: Message
    messages: Mapping[str, Message] = field(default_factory=dict)
    enums: Mapping[str, EnumType] = field(default_factory=dict)
    answer: Field | None = None
    answer_fields: tuple[Field, ...] = ()
    remarks: tuple[Remark, ...] = ()


class Entry(Protocol):
    """What an artifact is read from: a manifest's entry has this form, and so has a detection."""

    @property
    def name(self) -> str:
        """The class's name."""

    @property
    def fields(self) -> Iterable[FieldDef]:
        """The fields as they were written."""

    @property
    def types(self) -> Iterable[NestedType]:
        """The classes and enums that the fields use."""

    @property
    def response(self) -> Response | None:
        """What a query's handler answers."""


def describe(entry: Entry, *, context: str, kind: str, key: str) -> Artifact:
    """Read every type of an entry."""
    messages = {item.name: item for item in entry.types if isinstance(item, MessageType)}
    enums = {item.name: item for item in entry.types if isinstance(item, EnumType)}
    reader = _FieldReader(context, frozenset([*messages, *enums, entry.name]), [])
    message = Message(entry.name, reader.fields(entry.name, entry.fields))
    answer = reader.answer(entry.name, entry.response) if kind == "query" else None
    described = {
        name: Message(name, reader.fields(name, item.fields)) for name, item in messages.items()
    }
    answered = entry.response.fields if entry.response else ()
    answer_fields = reader.fields(f"{entry.name}'s answer", answered)
    return Artifact(
        context,
        kind,
        key,
        entry.name,
        message,
        described,
        enums,
        answer,
        answer_fields,
        tuple(dict.fromkeys(reader.remarks)),
    )


@dataclass(slots=True)
class _FieldReader:
    context: str
    described: frozenset[str]
    remarks: list[Remark]

    def fields(self, owner: str, fields: Iterable[FieldDef]) -> tuple[Field, ...]:
        return tuple(self.field(owner, item) for item in fields)

    def field(self, owner: str, item: FieldDef) -> Field:
        reading = read_type(item.type, self.described) if item.type else _guess(item)
        self.remarks += [
            Remark(self.context, owner, item.name, problem) for problem in reading.problems
        ]
        term, nullable = _without_none(reading.term)
        return Field(
            item.name,
            term,
            item.required,
            nullable or item.nullable,
            item.default,
            item.alias,
            bool(item.type),
        )

    def answer(self, owner: str, response: Response | None) -> Field | None:
        if response is None or not response.type:
            problem = "what its handler answers is not declared: the answer is JSON in a text"
            self.remarks.append(Remark(self.context, owner, "", problem))
            return None
        return self.field(f"{owner}'s answer", FieldDef(RESULT, response.type))


def _without_none(term: Term) -> tuple[Term, bool]:
    return (term.inner, True) if isinstance(term, Maybe) else (term, False)


_KINDS: dict[type, Scalar] = {
    bool: Scalar.BOOL,
    int: Scalar.INT,
    float: Scalar.FLOAT,
    str: Scalar.STRING,
    bytes: Scalar.BYTES,
}


def _guess(item: FieldDef) -> Reading:
    """The kind of a constant default stands for a type that was not written."""
    try:
        value = ast.literal_eval(item.default or "")
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        value = None
    if type(value) in _KINDS:
        return Reading(_KINDS[type(value)])
    return Reading(Scalar.STRING, ("has no type: it became text",))
