"""Comparing the fields of two versions of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..contract.described import Field
from ..contract.terms import OneOf, spelled
from .found import About, Findings
from .term_rules import TermRules

_LIKENESS = 0.6


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Compares lists of fields. `was` gives old names by new ones, where the lock states them."""

    findings: Findings
    terms: TermRules

    def compare(
        self,
        about: About,
        old: Sequence[Field],
        new: Sequence[Field],
        was: Mapping[str, str],
    ) -> None:
        """Note every difference."""
        before = {item.name: item for item in old}
        after = {item.name: item for item in new}
        pairs = {name: name for name in before if name in after}
        gone = [name for name in before if name not in after]
        came = [name for name in after if name not in before]
        for new_name, old_name in self._renamed(before, after, gone, came, was).items():
            pairs[old_name] = new_name
            gone.remove(old_name)
            came.remove(new_name)
            self._add("FIELD_RENAMED", about, f"{old_name} is now {new_name}", new_name,
                      old_name, new_name)  # fmt: skip
        for name in gone:
            self._add("FIELD_REMOVED", about, f"{name} is gone", name, _shown(before[name]))
        for name in came:
            self._added(about, after[name])
        for old_name, new_name in pairs.items():
            self._pair(about, before[old_name], after[new_name])
        self._order(about, list(pairs.values()), [name for name in after if name not in came])

    def _renamed(
        self,
        before: Mapping[str, Field],
        after: Mapping[str, Field],
        gone: list[str],
        came: list[str],
        was: Mapping[str, str],
    ) -> dict[str, str]:
        said = {name: was[name] for name in came if was.get(name) in gone}
        if said or len(gone) != 1 or len(came) != 1:
            return said
        old, new = before[gone[0]], after[came[0]]
        same_place = list(before).index(old.name) == list(after).index(new.name)
        alike = SequenceMatcher(None, old.name, new.name).ratio() >= _LIKENESS
        same = self.terms.rule(old.term, new.term) is None and old.optional == new.optional
        kept_others = len(before) > 1
        return {new.name: old.name} if same and (alike or (same_place and kept_others)) else {}

    def _added(self, about: About, item: Field) -> None:
        rule = "FIELD_ADDED"
        if not item.optional:
            rule = "EVENT_FIELD_ADDED_REQUIRED" if about.output else "FIELD_ADDED_REQUIRED"
        self._add(rule, about, f"{item.name} is new", item.name, None, _shown(item))

    def _pair(self, about: About, old: Field, new: Field) -> None:
        if old == new:
            return
        rule = self.terms.rule(old.term, new.term)
        if rule is not None:
            text = f"{new.name} was {_shown(old)}, is {_shown(new)}"
            self._add(rule, about, text, new.name, _shown(old), _shown(new))
        if old.declared and not new.declared:
            text = f"{new.name} is not annotated any more"
            self._add("FIELD_TYPE_DROPPED", about, text, new.name, _shown(old))
        self._need(about, old, new)
        self._default(about, old, new)
        self._alias(about, old, new)

    def _need(self, about: About, old: Field, new: Field) -> None:
        prefix = "EVENT_" if about.output else ""
        if old.nullable != new.nullable:
            rule = f"{prefix}FIELD_BECAME_NULLABLE"
            if old.nullable:
                rule = "FIELD_BECAME_NON_NULLABLE"
            word = "takes None" if new.nullable else "does not take None any more"
            self._add(rule, about, f"{new.name} {word}", new.name, _none(old), _none(new))
        elif old.required != new.required:
            rule = "FIELD_BECAME_REQUIRED"
            if not new.required:
                rule = f"{prefix}FIELD_BECAME_OPTIONAL"
            word = "must be given" if new.required else "may be left out"
            self._add(rule, about, f"{new.name} {word}", new.name, _need(old), _need(new))

    def _default(self, about: About, old: Field, new: Field) -> None:
        if old.default == new.default:
            return
        if old.default is None or new.default is None:
            if old.required != new.required:
                return  # that the need for it changed has been said
            came = old.default is None
            rule = "FIELD_DEFAULT_ADDED" if came else "FIELD_DEFAULT_REMOVED"
        else:
            rule = "FIELD_DEFAULT_CHANGED"
        text = f"the default of {new.name} was {old.default}, is {new.default}"
        self._add(rule, about, text, new.name, old.default, new.default)

    def _alias(self, about: About, old: Field, new: Field) -> None:
        if old.alias == new.alias:
            return
        rule = "FIELD_ALIAS_CHANGED"
        if old.alias is None or new.alias is None:
            rule = "FIELD_ALIAS_ADDED" if old.alias is None else "FIELD_ALIAS_REMOVED"
        text = f"JSON called {new.name} {old.wire_name!r}, and calls it {new.wire_name!r}"
        self._add(rule, about, text, new.name, old.wire_name, new.wire_name)

    def _order(self, about: About, old: list[str], new: list[str]) -> None:
        if old != new and not about.output:
            shown = ", ".join(old), ", ".join(new)
            text = f"the order was {shown[0]}, is {shown[1]}"
            self._add("FIELD_REORDERED", about, text, None, *shown)

    def _add(
        self,
        rule: str,
        about: About,
        detail: str,
        field: str | None,
        was: str | None = None,
        now: str | None = None,
    ) -> None:
        self.findings.add(rule, about, detail, field=field, was=was, now=now)


def _shown(item: Field) -> str:
    text = spelled(item.term)
    if not item.nullable:
        return text
    return f"({text}) | None" if isinstance(item.term, OneOf) else f"{text} | None"


def _none(item: Field) -> str:
    return "nullable" if item.nullable else "never None"


def _need(item: Field) -> str:
    return "required" if item.required else "optional"
