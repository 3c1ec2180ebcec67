"""Giving numbers: what has one keeps it, what is new gets the next, what goes is reserved.

A field whose bytes would mean something else gets a new number, under the same name: old
bytes then stay readable, and what they held is passed over instead of misread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import LockError
from .model import MAX_FIELD, MAX_VALUE, ContextLock, Numbered, Numbers, next_number


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one context needs: (name, type) of the fields of each message, the enums' values."""

    context: str
    messages: Mapping[str, tuple[tuple[str, str], ...]]
    enums: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rename:
    """A field that is taken for another under a new name."""

    context: str
    message: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.context}.{self.message}: {self.old} → {self.new}"


def assign(before: ContextLock, wanted: Wanted, *, renames: Iterable[Rename] = ()) -> ContextLock:
    """The numbers of a context after a change. No number is ever given twice.

    Raises:
        LockError: a `was:` names what is not there, or the numbers have run out.
    """
    messages = _moved(before.messages, wanted.messages, wanted.context)
    enums = _moved(before.enums, wanted.enums, wanted.context)
    new_names = {
        numbers.was: name
        for name, numbers in [*messages.items(), *enums.items()]
        if numbers.was and name in {*wanted.messages, *wanted.enums}
    }
    taken = {(item.message, item.new): item.old for item in renames}
    return ContextLock(
        _block(
            messages,
            {name: dict(fields) for name, fields in wanted.messages.items()},
            _Giving(wanted.context, MAX_FIELD, taken, new_names),
        ),
        _block(
            enums,
            {name: dict.fromkeys(values, "") for name, values in wanted.enums.items()},
            _Giving(wanted.context, MAX_VALUE, taken, {}),
        ),
    )


def likely_renames(before: ContextLock, wanted: Wanted) -> list[Rename]:
    """Fields that went where one of the same type came, alone, and looks like it.

    They are proposals: a person decides, since taking one wrongly gives old bytes a new meaning.
    """
    found: list[Rename] = []
    for message, fields in sorted(wanted.messages.items()):
        known = before.messages.get(message)
        if known is None:
            continue
        live = {name: item for name, item in known.given.items() if item.number is not None}
        asked = {item.was for item in known.given.values() if item.number is None}
        names = [name for name, _ in fields]
        gone = [name for name in live if name not in names and name not in asked]
        came = [pair for pair in fields if pair[0] not in known.given]
        if len(gone) == len(came) == 1:
            old, (new, kind) = gone[0], came[0]
            ordered = sorted(live, key=lambda name: live[name].number or 0)
            same_place = ordered.index(old) == names.index(new)
            if live[old].type == kind and (same_place or _alike(old, new)):
                found.append(Rename(wanted.context, message, old, new))
    return found


@dataclass(frozen=True, slots=True)
class _Giving:
    context: str
    top: int
    renames: Mapping[tuple[str, str], str]
    new_names: Mapping[str, str]

    def numbers(self, owner: str, known: Numbers, wanted: Mapping[str, str]) -> Numbers:
        """The numbers of one message or enum after the change."""
        given: dict[str, Numbered] = {}
        for name, kind in wanted.items():
            entry = self._kept(owner, name, kind, known)
            if entry is not None:
                given[name] = entry
        self._each_once(owner, given)
        used = set(known.used)
        number = max(used, default=0)
        for name, kind in wanted.items():
            if name not in given:
                number = next_number(number)
                if number > self.top:
                    raise LockError(f"{self.context}.{owner} has no number left for {name}")
                used.add(number)
                given[name] = Numbered(number, kind)
        live = {item.number for item in given.values()}
        names = known.reserved_names.union(known.given) - given.keys()
        return Numbers(
            {name: given[name] for name in wanted}, frozenset(used - live), names, known.was
        )

    def _kept(self, owner: str, name: str, kind: str, known: Numbers) -> Numbered | None:
        """The entry that a name keeps or takes over; None where it needs a new number."""
        entry = known.given.get(name)
        was = entry.was if entry else None
        if entry is not None and entry.number is None:
            source = known.given.get(str(was))
            if source is None or source.number is None:
                raise LockError(
                    f"{self.context}.{owner}.{name} was {was!r}, but {owner} has no such field: "
                    "correct the name, or remove the entry"
                )
        elif entry is None and (owner, name) in self.renames:
            was = self.renames[owner, name]
            source = known.given.get(was)
        else:
            source = entry
        if source is None or self._renamed(source.type) != kind:
            return None
        return Numbered(source.number, kind, was)

    def _each_once(self, owner: str, given: Mapping[str, Numbered]) -> None:
        """Refuse a `was:` that would give one number to two fields."""
        holder: dict[int | None, str] = {}
        for name, item in given.items():
            if item.number in holder:
                raise LockError(
                    f"{self.context}.{owner}: {holder[item.number]} and {name} would both have the "
                    f"number {item.number}: remove the `was:` of one of them"
                )
            holder[item.number] = name

    def _renamed(self, kind: str) -> str:
        """A type with the messages in it under the names that they have now."""
        return re.sub(r"[\w.]+", lambda word: self.new_names.get(word[0], word[0]), kind)


def _block(
    known: Mapping[str, Numbers], wanted: Mapping[str, Mapping[str, str]], giving: _Giving
) -> dict[str, Numbers]:
    done = {
        name: giving.numbers(name, known.get(name, Numbers()), fields)
        for name, fields in wanted.items()
    }
    gone = {name: numbers.retired() for name, numbers in known.items() if name not in wanted}
    return {**gone, **done}


def _moved(
    known: Mapping[str, Numbers], wanted: Mapping[str, object], context: str
) -> dict[str, Numbers]:
    """Messages that ask for another's numbers by `was:` get them; the other's stay reserved."""
    moved = dict(known)
    for name, numbers in known.items():
        if numbers.was is None or numbers.given or numbers.used or name not in wanted:
            continue
        source = known.get(numbers.was)
        if source is None or numbers.was in wanted:
            raise LockError(
                f"{context}.{name} was {numbers.was!r}, which is "
                f"{'unknown' if source is None else 'still there'}: correct the name"
            )
        moved[name] = Numbers(
            source.given, source.reserved_numbers, source.reserved_names, numbers.was
        )
    return moved


def _alike(old: str, new: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, old, new).ratio() >= 0.6
