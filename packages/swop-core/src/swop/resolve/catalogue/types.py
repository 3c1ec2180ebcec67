"""Rules about the classes and enums that fields use, and about what queries answer."""

from __future__ import annotations

from ..rules import Category, ChangeKind, Rule, Severity, Tier
from .examples import answer, enum, fields, item

_SOURCE, _JSON, _CATALOGUE = Tier.SOURCE, Tier.WIRE_JSON, Tier.CATALOGUE
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SCHEMA = Category.SCHEMA
_ADDED, _REMOVED, _TYPE = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.TYPE_CHANGED
_META = ChangeKind.METADATA

RULES: tuple[Rule, ...] = (
    Rule(
        "TYPE_REMOVED", _SOURCE, _ERROR, _REMOVED, _SCHEMA,
        "A class or an enum is not used any more; code that was generated with it breaks.",
        item("x: int"), fields("item: int"),
    ),
    Rule(
        "TYPE_ADDED", _CATALOGUE, _INFO, _ADDED, _SCHEMA,
        "A class or an enum is used that was not used before.",
        fields("item: int"), item("x: int"),
    ),
    Rule(
        "TYPE_RENAMED", _SOURCE, _ERROR, ChangeKind.RENAMED, _SCHEMA,
        "A class with the same fields stands where one of another name stood.",
        item("x: int"), item("x: int").replace("Item", "Line"),
    ),
    Rule(
        "TYPE_BECAME_ENUM", _JSON, _ERROR, _TYPE, _SCHEMA,
        "What was a class with fields is an enum.",
        "class Color: x: int\n" + fields("color: Color"), enum("RED = 1"),
    ),
    Rule(
        "TYPE_BECAME_MESSAGE", _JSON, _ERROR, _TYPE, _SCHEMA,
        "What was an enum is a class with fields.",
        enum("RED = 1"), "class Color: x: int\n" + fields("color: Color"),
    ),
    Rule(
        "ENUM_VALUE_REMOVED", _JSON, _ERROR, _REMOVED, _SCHEMA,
        "A value is gone. Its number stays reserved.",
        enum("RED = 1", "BLUE = 2"), enum("RED = 1"),
    ),
    Rule(
        "ENUM_VALUE_ADDED", _CATALOGUE, _INFO, _ADDED, _SCHEMA,
        "A value is new.",
        enum("RED = 1"), enum("RED = 1", "BLUE = 2"),
    ),
    Rule(
        "ENUM_VALUE_ADDED_TO_OUTPUT", _SOURCE, _WARNING, _ADDED, _SCHEMA,
        "Readers of an event or an answer meet a value that they do not know.",
        enum("RED = 1", kind="event"), enum("RED = 1", "BLUE = 2", kind="event"),
    ),
    Rule(
        "ENUM_VALUE_RENAMED", _JSON, _ERROR, ChangeKind.RENAMED, _SCHEMA,
        "The same value has another name.",
        enum("RED = 1", "BLUE = 2"), enum("RED = 1", "NAVY = 2"),
    ),
    Rule(
        "ENUM_VALUE_CHANGED", _JSON, _ERROR, _META, _SCHEMA,
        "A name has another value.",
        enum("RED = 'r'"), enum("RED = 'red'"),
    ),
    Rule(
        "ENUM_VALUES_REORDERED", _CATALOGUE, _INFO, _META, _SCHEMA,
        "The order of the values differs; their numbers do not.",
        enum("RED = 1", "BLUE = 2"), enum("BLUE = 2", "RED = 1"),
    ),
    Rule(
        "RESPONSE_ADDED", _JSON, _ERROR, _ADDED, _SCHEMA,
        "The answer has a type now; before it was JSON in a text.",
        answer(""), answer("Row"),
    ),
    Rule(
        "RESPONSE_REMOVED", _JSON, _ERROR, _REMOVED, _SCHEMA,
        "The answer has no type any more.",
        answer("Row"), answer(""),
    ),
    Rule(
        "RESPONSE_TYPE_CHANGED", _JSON, _ERROR, _TYPE, _SCHEMA,
        "The answer is something else.",
        answer("int"), answer("str"),
    ),
    Rule(
        "RESPONSE_BECAME_LIST", _JSON, _ERROR, _TYPE, _SCHEMA,
        "One value became a list of them.",
        answer("Row"), answer("list[Row]"),
    ),
    Rule(
        "RESPONSE_BECAME_SINGLE", _JSON, _ERROR, _TYPE, _SCHEMA,
        "A list became one value.",
        answer("list[Row]"), answer("Row"),
    ),
    Rule(
        "RESPONSE_BECAME_NULLABLE", _JSON, _ERROR, _META, _SCHEMA,
        "Who counts on an answer may get None.",
        answer("int"), answer("int | None"),
    ),
    Rule(
        "RESPONSE_BECAME_NON_NULLABLE", _SOURCE, _INFO, _META, _SCHEMA,
        "There is always an answer now.",
        answer("int | None"), answer("int"),
    ),
)  # fmt: skip
