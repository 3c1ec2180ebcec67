"""Comparing two versions of one artifact's fields, of what they use, and of what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..contract.described import Artifact, Field, Message
from ..contract.model import EnumType
from ..contract.terms import ListOf, names_in, spelled
from .compare_fields import FieldComparison
from .found import About, Findings
from .term_rules import TermRules

Was = Callable[[str], Mapping[str, str]]  # a class's name → its fields' old names by new ones


def compare_shapes(
    findings: Findings, about: About, old: Artifact, new: Artifact, was: Was
) -> None:
    """Note every difference between two descriptions of an artifact."""
    _ShapeComparison(findings, about, old, new, was).run()


class _ShapeComparison:
    def __init__(
        self, findings: Findings, about: About, old: Artifact, new: Artifact, was: Was
    ) -> None:
        self.findings = findings
        self.about = about
        self.old = old
        self.new = new
        self.was = was
        self.renames = {old.name: new.name, **_renamed_types(old, new)}
        terms = TermRules(
            lambda name: self.renames.get(name, name),
            lambda name: name in old.enums or name in new.enums,
        )
        self.terms = terms
        self.fields = FieldComparison(findings, terms)
        self.answered = _reachable(new) | _reachable(old)

    def run(self) -> None:
        output = self.about.target == "event"
        about = replace(self.about, output=output)
        self.fields.compare(
            about, self.old.message.fields, self.new.message.fields, self.was(self.new.key)
        )
        self._types()
        if self.about.target == "query":
            self._answer()

    def _types(self) -> None:
        before: dict[str, Message | EnumType] = {**self.old.messages, **self.old.enums}
        after: dict[str, Message | EnumType] = {**self.new.messages, **self.new.enums}
        back = {new: old for old, new in self.renames.items()}
        for name in sorted(before.keys() - after.keys() - self.renames.keys()):
            self._add("TYPE_REMOVED", name, f"{name} is not used any more", was=name)
        for name in sorted(after):
            old_name = back.get(name, name)
            if old_name not in before:
                self._add("TYPE_ADDED", name, f"{name} is used now", now=name)
                continue
            if old_name != name:
                text = f"{old_name} is now {name}"
                self._add("TYPE_RENAMED", name, text, was=old_name, now=name)
            self._type(name, before[old_name], after[name])

    def _type(self, name: str, old: Message | EnumType, new: Message | EnumType) -> None:
        about = self._of(name)
        if isinstance(old, EnumType) and isinstance(new, EnumType):
            _compare_enums(self.findings, about, old, new)
        elif isinstance(old, Message) and isinstance(new, Message):
            self.fields.compare(about, old.fields, new.fields, self.was(name))
        elif isinstance(new, EnumType):
            self._add("TYPE_BECAME_ENUM", name, f"{name} is an enum now")
        else:
            self._add("TYPE_BECAME_MESSAGE", name, f"{name} is no enum any more")

    def _answer(self) -> None:
        old, new = self.old.answer, self.new.answer
        if old is None or new is None:
            if old is not None:
                self._response("RESPONSE_REMOVED", "the answer has no type any more", old, new)
            elif new is not None:
                text = f"the answer is {spelled(new.term)} now"
                self._response("RESPONSE_ADDED", text, old, new)
            return
        rule = self.terms.rule(old.term, new.term)
        if rule is not None:
            text = f"the answer was {spelled(old.term)}, is {spelled(new.term)}"
            self._response(_response_rule(rule, old, new), text, old, new)
        if old.nullable != new.nullable:
            rule = "RESPONSE_BECAME_NULLABLE" if new.nullable else "RESPONSE_BECAME_NON_NULLABLE"
            text = "the answer may be None" if new.nullable else "the answer never is None"
            self._response(rule, text, old, new)

    def _response(self, rule: str, detail: str, old: Field | None, new: Field | None) -> None:
        was, now = (spelled(item.term) if item else None for item in (old, new))
        self.findings.add(rule, self.about, detail, was=was, now=now)

    def _add(self, rule: str, name: str, detail: str, **more: str) -> None:
        self.findings.add(rule, self._of(name), detail, **more)

    def _of(self, name: str) -> About:
        output = self.about.target == "event" or name in self.answered
        return replace(self.about, target="type", name=name, output=output)


def _response_rule(rule: str, old: Field, new: Field) -> str:
    if rule == "FIELD_BECAME_LIST" or (
        isinstance(new.term, ListOf) and not isinstance(old.term, ListOf)
    ):
        return "RESPONSE_BECAME_LIST"
    if isinstance(old.term, ListOf) and not isinstance(new.term, ListOf):
        return "RESPONSE_BECAME_SINGLE"
    return "RESPONSE_TYPE_CHANGED"


def _renamed_types(old: Artifact, new: Artifact) -> dict[str, str]:
    """Classes that went, with the one class that came and has the same members."""
    found: dict[str, str] = {}
    for before, after in ((old.messages, new.messages), (old.enums, new.enums)):
        gone = {name: _members(item) for name, item in before.items() if name not in after}
        came = {name: _members(item) for name, item in after.items() if name not in before}
        for name, members in gone.items():
            same = [other for other, theirs in came.items() if theirs == members]
            alone = sum(theirs == members for theirs in gone.values()) == 1
            if members and alone and len(same) == 1:
                found[name] = same[0]
    return found


def _members(item: Message | EnumType) -> tuple[object, ...]:
    return item.fields if isinstance(item, Message) else item.values


def _reachable(artifact: Artifact) -> set[str]:
    """The classes that an answer leads to."""
    if artifact.answer is None:
        return set()
    found: set[str] = set()
    todo = list(names_in(artifact.answer.term))
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            fields = artifact.messages[name].fields if name in artifact.messages else ()
            todo += [inner for item in fields for inner in names_in(item.term)]
    return found


def _compare_enums(findings: Findings, about: About, old: EnumType, new: EnumType) -> None:
    before = {item.name: item.value for item in old.values}
    after = {item.name: item.value for item in new.values}
    came = {name: value for name, value in after.items() if name not in before}
    for name, value in before.items():
        if name not in after:
            same = [
                other for other, theirs in came.items() if value is not None and theirs == value
            ]
            if len(same) == 1:
                del came[same[0]]
                text = f"{name} is now {same[0]}"
                findings.add("ENUM_VALUE_RENAMED", about, text, field=name, was=name, now=same[0])
            else:
                text = f"{name} is gone"
                findings.add("ENUM_VALUE_REMOVED", about, text, field=name, was=str(value))
        elif after[name] != value:
            text = f"{name} was {value!r}, is {after[name]!r}"
            findings.add("ENUM_VALUE_CHANGED", about, text, field=name, was=repr(value),
                         now=repr(after[name]))  # fmt: skip
    for name, value in came.items():
        rule = "ENUM_VALUE_ADDED_TO_OUTPUT" if about.output else "ENUM_VALUE_ADDED"
        findings.add(rule, about, f"{name} is new", field=name, now=str(value))
    kept = [name for name in before if name in after]
    moved = [name for name in after if name in before]
    if kept != moved:
        text = f"the order was {', '.join(kept)}, is {', '.join(moved)}"
        findings.add("ENUM_VALUES_REORDERED", about, text)
