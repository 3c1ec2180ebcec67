"""Comparing two versions of `swop.lock.yml`, whatever the code says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..lock.model import Lock, Numbered, Numbers
from .found import About, Findings


def compare_locks(findings: Findings, old: Lock | None, new: Lock | None) -> None:
    """Note every number that means something else than it did."""
    if old is None or not old.contexts:
        return
    if new is None or not new.contexts:
        findings.add("LOCK_REMOVED", About("", "lock", "swop.lock.yml"), "the lock is gone")
        return
    for context, before in old.contexts.items():
        after = new.context(context)
        names = {item.was: name for name, item in after.messages.items() if item.was}
        _compare(findings, context, before.messages, after.messages, names, enum=False)
        _compare(findings, context, before.enums, after.enums, {}, enum=True)


def _compare(
    findings: Findings,
    context: str,
    old: Mapping[str, Numbers],
    new: Mapping[str, Numbers],
    new_names: Mapping[str, str],
    *,
    enum: bool,
) -> None:
    for owner, before in old.items():
        about = About(context, "enum" if enum else "message", owner)
        after = new.get(owner)
        if after is None:
            rule = "ENUM_FORGOTTEN" if enum else "MESSAGE_FORGOTTEN"
            findings.add(rule, about, f"{owner} is not in the lock any more")
            continue
        prefix = "ENUM_" if enum else ""
        _moved(findings, about, before, after, prefix)
        _reused(findings, about, before, after, prefix)
        if not enum:
            _retyped(findings, about, before, after, new_names)
        for number in sorted(before.used - after.used):
            text = f"{number} was given, and is neither live nor reserved"
            findings.add(f"{prefix}NUMBER_FORGOTTEN", about, text, was=str(number))


def _moved(findings: Findings, about: About, old: Numbers, new: Numbers, prefix: str) -> None:
    for name, item in old.given.items():
        now = new.given.get(name)
        if now is None or now.number == item.number or now.type != item.type:
            continue
        if item.number in new.reserved_numbers:
            continue  # it went and came back: the old number stays reserved
        text = f"{name} had the number {item.number}, has {now.number}"
        findings.add(f"{prefix}NUMBER_CHANGED", about, text, field=name,
                     was=str(item.number), now=str(now.number))  # fmt: skip


def _reused(findings: Findings, about: About, old: Numbers, new: Numbers, prefix: str) -> None:
    holders = {item.number: name for name, item in old.given.items()}
    for name, item in new.given.items():
        if item.number is None:
            continue
        holder = holders.get(item.number)
        if item.number in old.reserved_numbers or (
            holder is not None and holder not in {name, item.was}
        ):
            before = holder or "a field that is no more"
            text = f"{item.number} meant {before}, and is given to {name}"
            findings.add(f"{prefix}NUMBER_REUSED", about, text, field=name, was=before, now=name)


def _retyped(
    findings: Findings,
    about: About,
    old: Numbers,
    new: Numbers,
    new_names: Mapping[str, str],
) -> None:
    before = {item.number: item for item in old.given.values()}
    for name, item in new.given.items():
        held = before.get(item.number)
        if held is not None and _now(held, new_names) != item.type:
            text = f"{item.number} carried {held.type}, and carries {item.type}"
            findings.add("NUMBER_RETYPED", about, text, field=name, was=held.type, now=item.type)


def _now(item: Numbered, new_names: Mapping[str, str]) -> str:
    """A type with its messages under the names that they have now."""
    return re.sub(r"[\w.]+", lambda word: new_names.get(word[0], word[0]), item.type)
