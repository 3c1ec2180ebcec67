"""Rules about fields, of artifacts and of the classes that they use."""

from __future__ import annotations

from ..rules import Category, ChangeKind, Rule, Severity, Tier
from .examples import fields, item

_SOURCE, _JSON, _CATALOGUE = Tier.SOURCE, Tier.WIRE_JSON, Tier.CATALOGUE
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SCHEMA = Category.SCHEMA
_ADDED, _TYPE, _NEED = ChangeKind.ADDED, ChangeKind.TYPE_CHANGED, ChangeKind.REQUIRED_CHANGED
_META = ChangeKind.METADATA
_LIVE = "live: bool"


def _type(rule: str, tier: Tier, severity: Severity, meaning: str, old: str, new: str) -> Rule:
    """A rule whose example changes one annotation."""
    return Rule(
        rule, tier, severity, _TYPE, _SCHEMA, meaning, fields(f"amount: {old}"),
        fields(f"amount: {new}"),
    )  # fmt: skip


RULES: tuple[Rule, ...] = (
    Rule(
        "FIELD_REMOVED", _JSON, _ERROR, ChangeKind.REMOVED, _SCHEMA,
        "A field is gone. Its number stays reserved.",
        fields("amount: int", "note: str"), fields("amount: int"),
    ),
    Rule(
        "FIELD_ADDED", _CATALOGUE, _INFO, _ADDED, _SCHEMA,
        "A field is new, and may be left out.",
        fields("amount: int"), fields("amount: int", "note: str = ''"),
    ),
    Rule(
        "FIELD_ADDED_REQUIRED", _SOURCE, _ERROR, _ADDED, _SCHEMA,
        "A new field must be given: callers who do not know it are refused.",
        fields("amount: int"), fields("amount: int", "note: str"),
    ),
    Rule(
        "EVENT_FIELD_ADDED_REQUIRED", _SOURCE, _WARNING, _ADDED, _SCHEMA,
        "Events that were stored before do not have the new field.",
        fields("amount: int", kind="event"), fields("amount: int", "note: str", kind="event"),
    ),
    Rule(
        "FIELD_RENAMED", _JSON, _ERROR, ChangeKind.RENAMED, _SCHEMA,
        "One field went and one of the same type came in its place, or the lock says `was:`.",
        fields("amount: int", _LIVE), fields("total: int", _LIVE),
    ),
    Rule(
        "FIELD_REORDERED", _SOURCE, _WARNING, _META, _SCHEMA,
        "The order of fields differs: who gives them by position gives them wrongly.",
        fields("amount: int", "count: int"), fields("count: int", "amount: int"),
    ),
    _type("FIELD_TYPE_CHANGED", _JSON, _ERROR,
          "The type is another, neither wider nor narrower.", "int", "datetime"),
    _type("FIELD_TYPE_NARROWED", _JSON, _ERROR,
          "The new type takes less than the old one took.", "float", "int"),
    _type("FIELD_TYPE_WIDENED", _JSON, _ERROR,
          "The new type takes more; in protobuf it is another field.", "int", "float"),
    _type("FIELD_FORMAT_TIGHTENED", _JSON, _ERROR,
          "Still text on the wire, but not every text is taken any more.", "str", "UUID"),
    _type("FIELD_FORMAT_LOOSENED", _SOURCE, _WARNING,
          "Still text on the wire, but it may hold anything now.", "UUID", "str"),
    _type("FIELD_PRECISION_LOST", _JSON, _ERROR,
          "An exact number became one that is rounded.", "Decimal", "float"),
    Rule(
        "FIELD_TYPE_DROPPED", _SOURCE, _WARNING, _TYPE, _SCHEMA,
        "The annotation is gone: what the field holds is guessed from its default.",
        fields("amount: int = 0"), fields("amount = 0"),
    ),
    _type("FIELD_BECAME_LIST", _JSON, _ERROR, "One value became a list of them.",
          "int", "list[int]"),
    _type("FIELD_BECAME_SINGLE", _JSON, _ERROR, "A list became one value.", "list[int]", "int"),
    _type("FIELD_ITEM_TYPE_CHANGED", _JSON, _ERROR, "A list holds something else.",
          "list[int]", "list[str]"),
    _type("FIELD_KEY_TYPE_CHANGED", _JSON, _ERROR, "The keys of a map are others.",
          "dict[str, int]", "dict[int, int]"),
    _type("FIELD_VALUE_TYPE_CHANGED", _JSON, _ERROR, "The values of a map are others.",
          "dict[str, int]", "dict[str, str]"),
    _type("FIELD_TUPLE_CHANGED", _JSON, _ERROR, "The places of a tuple are others.",
          "tuple[int, str]", "tuple[int, int]"),
    _type("FIELD_UNIQUENESS_ADDED", _SOURCE, _WARNING,
          "A list became a set: order and repetition are lost.", "list[int]", "set[int]"),
    _type("FIELD_UNIQUENESS_DROPPED", _SOURCE, _WARNING,
          "A set became a list: values may repeat.", "set[int]", "list[int]"),
    _type("UNION_MEMBER_ADDED", _SOURCE, _WARNING, "A union takes one more type.",
          "int | str", "int | str | bool"),
    _type("UNION_MEMBER_REMOVED", _JSON, _ERROR, "A union takes one type less.",
          "int | str | bool", "int | str"),
    _type("LITERAL_VALUE_ADDED", _SOURCE, _INFO, "One more constant is allowed.",
          "Literal['a', 'b']", "Literal['a', 'b', 'c']"),
    _type("LITERAL_VALUE_REMOVED", _JSON, _ERROR, "A constant is not allowed any more.",
          "Literal['a', 'b', 'c']", "Literal['a', 'b']"),
    Rule(
        "FIELD_REFERENCE_CHANGED", _JSON, _ERROR, _TYPE, _SCHEMA,
        "The field holds another class.",
        "class A: x: int\nclass B: y: str\n" + fields("of: A", "more: B"),
        "class A: x: int\nclass B: y: str\n" + fields("of: B", "more: B"),
    ),
    Rule(
        "FIELD_ENUM_BECAME_TEXT", _JSON, _ERROR, _TYPE, _SCHEMA,
        "An enum became text: anything goes, and in protobuf it is another field.",
        "class Color(Enum): RED = 'r'\n" + fields("color: Color"), fields("color: str"),
    ),
    Rule(
        "FIELD_TEXT_BECAME_ENUM", _JSON, _ERROR, _TYPE, _SCHEMA,
        "Text became an enum: only its values are taken.",
        fields("color: str"), "class Color(Enum): RED = 'r'\n" + fields("color: Color"),
    ),
    Rule(
        "FIELD_BECAME_REQUIRED", _SOURCE, _ERROR, _NEED, _SCHEMA,
        "What could be left out must be given.",
        fields("amount: int = 0"), fields("amount: int"),
    ),
    Rule(
        "FIELD_BECAME_OPTIONAL", _SOURCE, _INFO, _NEED, _SCHEMA,
        "What had to be given may be left out.",
        fields("amount: int"), fields("amount: int = 0"),
    ),
    Rule(
        "EVENT_FIELD_BECAME_OPTIONAL", _SOURCE, _WARNING, _NEED, _SCHEMA,
        "Readers who count on the field may not find it.",
        fields("amount: int", kind="event"), fields("amount: int = 0", kind="event"),
    ),
    Rule(
        "FIELD_BECAME_NULLABLE", _SOURCE, _INFO, _META, _SCHEMA,
        "None is taken.",
        fields("amount: int = 0"), fields("amount: int | None = 0"),
    ),
    Rule(
        "EVENT_FIELD_BECAME_NULLABLE", _JSON, _ERROR, _META, _SCHEMA,
        "Readers who count on a value may find None.",
        fields("amount: int", kind="event"), fields("amount: int | None", kind="event"),
    ),
    Rule(
        "FIELD_BECAME_NON_NULLABLE", _JSON, _ERROR, _META, _SCHEMA,
        "None is not taken any more.",
        fields("amount: int | None = 0"), fields("amount: int = 0"),
    ),
    Rule(
        "FIELD_DEFAULT_CHANGED", _SOURCE, _WARNING, _META, _SCHEMA,
        "Who leaves the field out gets another value.",
        fields("amount: int = 1"), fields("amount: int = 2"),
    ),
    Rule(
        "FIELD_DEFAULT_ADDED", _CATALOGUE, _INFO, _META, _SCHEMA,
        "There is a value for who leaves the field out.",
        fields("amount: int | None"), fields("amount: int | None = 2"),
    ),
    Rule(
        "FIELD_DEFAULT_REMOVED", _SOURCE, _WARNING, _META, _SCHEMA,
        "The value for who leaves the field out is gone.",
        fields("amount: int | None = 2"), fields("amount: int | None"),
    ),
    Rule(
        "FIELD_ALIAS_ADDED", _JSON, _ERROR, _META, _SCHEMA,
        "JSON calls the field otherwise than before.",
        item("name: str = field()"), item("name: str = field(alias='fullName')"),
    ),
    Rule(
        "FIELD_ALIAS_REMOVED", _JSON, _ERROR, _META, _SCHEMA,
        "JSON calls the field by its own name again.",
        item("name: str = field(alias='fullName')"), item("name: str = field()"),
    ),
    Rule(
        "FIELD_ALIAS_CHANGED", _JSON, _ERROR, _META, _SCHEMA,
        "JSON calls the field by another alias.",
        item("name: str = field(alias='a')"), item("name: str = field(alias='b')"),
    ),
)  # fmt: skip
