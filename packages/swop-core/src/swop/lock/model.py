"""`swop.lock.yml` as values: which number every field has, and which may never be given again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_FIELD = 536_870_911
MAX_VALUE = 2_147_483_647
PROTOBUF_OWN = range(19_000, 20_000)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A field or an enum value. `type` is what its bytes are; `was` is the name it had before.

    A number of None is a request that a person wrote: take the number of `was`.
    """

    number: int | None
    type: str = ""
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one message or one enum."""

    given: Mapping[str, Numbered] = field(default_factory=dict)
    reserved_numbers: frozenset[int] = frozenset()
    reserved_names: frozenset[str] = frozenset()
    was: str | None = None

    @property
    def used(self) -> frozenset[int]:
        """Every number that was ever given."""
        live = (item.number for item in self.given.values() if item.number is not None)
        return self.reserved_numbers.union(live)

    def number(self, name: str) -> int:
        """The number of a name that has one; raises KeyError."""
        number = self.given[name].number
        if number is None:
            raise KeyError(name)
        return number

    def retired(self) -> Numbers:
        """The same with nothing live: what remains of a message that is no more."""
        names = self.reserved_names.union(self.given)
        return Numbers({}, self.used, names, self.was)


@dataclass(frozen=True, slots=True)
class ContextLock:
    """The numbers of one context, by the names of its messages and enums in protobuf."""

    messages: Mapping[str, Numbers] = field(default_factory=dict)
    enums: Mapping[str, Numbers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """All numbers of a project."""

    contexts: Mapping[str, ContextLock] = field(default_factory=dict)

    def context(self, name: str) -> ContextLock:
        """The numbers of a context, none at first."""
        return self.contexts.get(name, ContextLock())


def next_number(highest: int) -> int:
    """The number after the highest that was ever given; protobuf keeps some for itself."""
    number = highest + 1
    return PROTOBUF_OWN.stop if number in PROTOBUF_OWN else number
