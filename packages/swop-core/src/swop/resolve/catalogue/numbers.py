"""Rules about `swop.lock.yml`: a number that means something else corrupts old messages."""

from __future__ import annotations

from ..rules import Category, ChangeKind, Rule, Severity, Tier
from .examples import PAY, numbers

_ONE = "amount: {number: 1, type: int64}"
_RESERVED = "reserved: {numbers: [2], names: [note]}"
_RED = "values: {RED: {number: 1}}"
_META, _SCHEMA, _MISSING = ChangeKind.METADATA, Category.SCHEMA, Category.MISSING


def _error(rule: str, meaning: str, before: str, after: str) -> Rule:
    kind = _META
    return Rule(rule, Tier.WIRE, Severity.ERROR, kind, _SCHEMA, meaning, before, after)


RULES: tuple[Rule, ...] = (
    _error(
        "NUMBER_CHANGED", "A field has another number: old bytes lose what they held.",
        numbers(f"fields: {{{_ONE}}}"), numbers("fields: {amount: {number: 3, type: int64}}"),
    ),
    _error(
        "NUMBER_RETYPED", "A number carries another type: old bytes are misread.",
        numbers(f"fields: {{{_ONE}}}"), numbers("fields: {amount: {number: 1, type: string}}"),
    ),
    _error(
        "NUMBER_REUSED", "A number that meant something else is given to another field.",
        numbers(f"fields: {{{_ONE}}}", _RESERVED),
        numbers(f"fields: {{{_ONE}, more: {{number: 2, type: int64}}}}"),
    ),
    _error(
        "NUMBER_FORGOTTEN", "A number that was given is neither live nor reserved any more.",
        numbers(f"fields: {{{_ONE}}}", _RESERVED), numbers(f"fields: {{{_ONE}}}"),
    ),
    _error(
        "ENUM_NUMBER_CHANGED", "An enum value has another number.",
        numbers(_RED, block="values"), numbers("values: {RED: {number: 3}}", block="values"),
    ),
    _error(
        "ENUM_NUMBER_REUSED", "A number of an enum is given to another value.",
        numbers(_RED, "reserved: {numbers: [2]}", block="values"),
        numbers("values: {RED: {number: 1}, BLUE: {number: 2}}", block="values"),
    ),
    _error(
        "ENUM_NUMBER_FORGOTTEN", "A number of an enum is neither live nor reserved any more.",
        numbers(_RED, "reserved: {numbers: [2]}", block="values"), numbers(_RED, block="values"),
    ),
    _error(
        "MESSAGE_FORGOTTEN", "The lock does not know a message any more, and would number it anew.",
        numbers(f"fields: {{{_ONE}}}"), numbers("fields: {}").replace("PayRequest", "Other"),
    ),
    _error(
        "ENUM_FORGOTTEN", "The lock does not know an enum any more, and would number it anew.",
        numbers(_RED, block="values"),
        numbers("values: {}", block="values").replace("Color", "Other"),
    ),
    Rule(
        "LOCK_REMOVED", Tier.WIRE, Severity.ERROR, ChangeKind.REMOVED, _MISSING,
        "swop.lock.yml is gone, and every number with it.",
        numbers(f"fields: {{{_ONE}}}"), PAY,
    ),
    Rule(
        "LOCK_STALE", Tier.CATALOGUE, Severity.WARNING, _META, _SCHEMA,
        "The code has fields without a number: run `swop gen proto` and commit the lock.",
        numbers(f"fields: {{{_ONE}}}"),
        numbers(f"fields: {{{_ONE}}}").replace("amount: int", "amount: int\n    note: str = ''"),
    ),
)  # fmt: skip
