"""What a field can hold, as closed terms: everything that a contract can express, nothing else.

A term says what is meant, not how a format writes it: that a list of lists needs a message of
its own in protobuf is no business of this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Scalar(StrEnum):
    """A value without parts."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STRING = "str"
    BYTES = "bytes"
    TIMESTAMP = "datetime"
    DURATION = "timedelta"
    DECIMAL = "Decimal"
    UUID = "UUID"
    DATE = "date"
    TIME = "time"
    ANY = "Any"

    @property
    def is_text(self) -> bool:
        """Whether it travels as text: there is no exact type for it in protobuf or JSON."""
        return self in {Scalar.STRING, Scalar.DECIMAL, Scalar.UUID, Scalar.DATE, Scalar.TIME}


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of values; `unique` says that the order does not matter and none repeats."""

    item: Term
    unique: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    """Values by key."""

    key: Term
    value: Term


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A fixed number of values, each of its own kind."""

    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class LiteralOf:
    """One of some constants, in the order in which they are written."""

    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A message or an enum that the contract describes under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several terms, none of which is None."""

    members: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value or None."""

    inner: Term


Term = Scalar | ListOf | MapOf | TupleOf | LiteralOf | Named | OneOf | Maybe


def parts(term: Term) -> tuple[Term, ...]:
    """The terms that a term is made of."""
    match term:
        case ListOf(item):
            return (item,)
        case MapOf(key, value):
            return (key, value)
        case TupleOf(items) | OneOf(items):
            return items
        case Maybe(inner):
            return (inner,)
    return ()


def names_in(term: Term) -> Iterator[str]:
    """The messages and enums that a term mentions."""
    if isinstance(term, Named):
        yield term.name
    for part in parts(term):
        yield from names_in(part)


def spelled(term: Term) -> str:
    """The term as Python would write it, in one fixed way."""
    match term:
        case Scalar():
            return term.value
        case Named(name):
            return name
        case ListOf(item, unique):
            return f"{'set' if unique else 'list'}[{spelled(item)}]"
        case MapOf(key, value):
            return f"dict[{spelled(key)}, {spelled(value)}]"
        case TupleOf(items):
            return f"tuple[{', '.join(map(spelled, items)) or '()'}]"
        case LiteralOf(values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case OneOf(members):
            return " | ".join(map(spelled, members))
        case Maybe(inner):
            return f"{spelled(inner)} | None"
