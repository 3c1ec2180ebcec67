"""The fields of a class, inherited ones included, as its library would see them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from ..contract import EnumType, EnumValue, FieldDef, MessageType, NestedType
from .ancestry import Ancestry
from .annotations import NO_FIELD, AnnotationReader, Peeled, TypeNames
from .expr import ELLIPSIS, Expr, text_of
from .resolve import ChainTooLongError, ClassRef, External, Place, Resolver

_SPECIFIERS = frozenset({"field", "Field", "ib", "attrib", "attr"})
_NOT_DATA = frozenset({"PrivateAttr", "property", "classmethod", "staticmethod", "computed_field"})
_ATTRS = frozenset({"s", "attrs", "attributes", "define", "frozen", "mutable"})
_ENUMS = frozenset(
    {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices"}
)
_MODELS = frozenset({"BaseModel", "BaseSettings", "RootModel", "SQLModel"})
_MAX_FIELDS = 2_000


class Style(Enum):
    """How a class states its fields."""

    DATACLASS = "dataclass"
    ATTRS = "attrs"
    MODEL = "pydantic"
    STRUCT = "msgspec"
    TUPLE = "NamedTuple"
    TYPED_DICT = "TypedDict"
    PLAIN = "plain"


class _Statement(NamedTuple):
    """One `name: annotation = value` in the body of a class."""

    name: str
    annotation: Expr | None
    value: Expr | None
    place: Place
    style: Style
    total: bool


class _Options(NamedTuple):
    """What a value or a `Field(…)` says of a field."""

    default: str | None = None
    has_default: bool = False
    init: bool = True
    alias: str | None = None
    type: Expr | None = None


class FieldReader:
    """Reads the fields of classes and describes the types they use."""

    def __init__(self, resolver: Resolver, ancestry: Ancestry) -> None:
        self.resolver = resolver
        self.ancestry = ancestry
        self.annotations = AnnotationReader(resolver)

    def fields(self, ref: ClassRef, names: TypeNames) -> tuple[FieldDef, ...]:
        """The fields of a class, ancestors' first, each under its last definition."""
        found: dict[str, FieldDef] = {}
        own = self._style(ref)
        for ancestor in reversed(self.ancestry.lineage(ref).classes):
            style = own if ancestor == ref else self._style(ancestor)
            if ancestor != ref and not _contributes(style, own):
                continue
            for statement in self._statements(ancestor, style):
                field = self._field(statement, names)
                if field is None:
                    found.pop(statement.name, None)
                elif len(found) < _MAX_FIELDS:
                    found[field.name] = field
        return tuple(found.values())

    def nested(self, names: TypeNames) -> tuple[NestedType, ...]:
        """Describe every class that `names` has met, and those that these use in turn."""
        types: list[NestedType] = []
        done = 0
        while done < len(names.order):
            ref = names.order[done]
            done += 1
            name = names.name(ref)
            if self._is_enum(ref):
                types.append(EnumType(name, tuple(self._enum_values(ref))))
            else:
                types.append(MessageType(name, self.fields(ref, names)))
        return tuple(sorted(types, key=lambda item: item.name))

    def _style(self, ref: ClassRef) -> Style:
        facts = self.resolver.class_facts(ref)
        for line, decorator in facts.decorators:
            head = decorator[1] if decorator[0] == "c" else decorator
            name = self._external(head, Place(ref.rel, facts.scope, line))
            module, _, last = name.rpartition(".")
            if last == "dataclass":
                return Style.DATACLASS
            if last in _ATTRS and module in {"attr", "attrs"}:
                return Style.ATTRS
        lasts = {name.rpartition(".")[2] for name in self.ancestry.lineage(ref).external}
        if lasts & _MODELS:
            return Style.MODEL
        for name, style in (
            ("Struct", Style.STRUCT),
            ("NamedTuple", Style.TUPLE),
            ("TypedDict", Style.TYPED_DICT),
        ):
            if name in lasts:
                return style
        return Style.PLAIN

    def _external(self, expr: Expr, place: Place) -> str:
        """The dotted name of something outside the project, or nothing."""
        if expr[0] not in "na":
            return ""
        try:
            targets = self.resolver.follow(expr, place)
        except ChainTooLongError:
            return ""
        return next((item.name for item in targets if isinstance(item, External)), "")

    def _statements(self, ref: ClassRef, style: Style) -> Iterator[_Statement]:
        facts = self.resolver.class_facts(ref)
        place = Place(ref.rel, facts.body)
        total = facts.keywords.get("total") != ["k", False]
        for name, annotation, value in facts.fields:
            if not name.startswith("_"):
                yield _Statement(name, annotation, value, place, style, total)

    def _field(self, statement: _Statement, names: TypeNames) -> FieldDef | None:
        options = self._options(statement.value, statement.place)
        if options is None:
            return None
        if statement.annotation is None:
            return self._unannotated(statement, options, names)
        peeled = self.annotations.peel(statement.annotation, statement.place)
        if peeled.marks & NO_FIELD:
            return None
        options = self._with_metadata(options, peeled)
        nullable = self.annotations.nullable(peeled.expr, peeled.place)
        missing = "NotRequired" in peeled.marks or (
            not statement.total and "Required" not in peeled.marks
        )
        return FieldDef(
            name=statement.name,
            type=self.annotations.text(peeled.expr, peeled.place, names),
            required=not (options.has_default or nullable or missing or not options.init),
            nullable=nullable,
            default=options.default,
            alias=options.alias,
        )

    def _unannotated(
        self, statement: _Statement, options: _Options, names: TypeNames
    ) -> FieldDef | None:
        value = statement.value
        specified = bool(value and value[0] == "c" and self._is_specifier(value, statement.place))
        if statement.style is Style.ATTRS and not specified:
            return None
        if statement.style not in {Style.ATTRS, Style.PLAIN}:
            return None
        if not specified and (statement.name.isupper() or (value and value[0] == "?")):
            return None
        kind = options.type
        return FieldDef(
            name=statement.name,
            type=self.annotations.text(kind, statement.place, names) if kind else "",
            required=not options.has_default and options.init,
            nullable=bool(kind and self.annotations.nullable(kind, statement.place)),
            default=options.default,
            alias=options.alias,
        )

    def _options(self, value: Expr | None, place: Place) -> _Options | None:
        """What the right side says; None when it says that this is no field."""
        if value is None:
            return _Options()
        if value[0] == "c":
            if self._external(value[1], place).rpartition(".")[2] in _NOT_DATA:
                return None
            if self._is_specifier(value, place):
                return _specified(value)
        if value == ELLIPSIS:
            return _Options()
        return _Options(text_of(value), has_default=True)

    def _is_specifier(self, call: Expr, place: Place) -> bool:
        return self._external(call[1], place).rpartition(".")[2] in _SPECIFIERS

    def _with_metadata(self, options: _Options, peeled: Peeled) -> _Options:
        """Add what `Annotated[…, Field(…)]` says; the right side wins."""
        for expr, place in peeled.metadata:
            if expr[0] == "c" and self._is_specifier(expr, place):
                more = _specified(expr)
                if not options.has_default:
                    options = options._replace(default=more.default, has_default=more.has_default)
                options = options._replace(alias=options.alias or more.alias)
        return options

    def _is_enum(self, ref: ClassRef) -> bool:
        external = self.ancestry.lineage(ref).external
        return any(name.rpartition(".")[2] in _ENUMS for name in external)

    def _enum_values(self, ref: ClassRef) -> Iterator[EnumValue]:
        facts = self.resolver.class_facts(ref)
        lasts = {name.rpartition(".")[2] for name in self.ancestry.lineage(ref).external}
        previous = 0
        for name, annotation, value in facts.fields:
            if name.startswith("_") or annotation is not None or value is None:
                continue
            stated = _first_of(value)
            if stated[0] == "c" and stated[1][-1] == "auto":
                automatic = _automatic(name, previous, lasts)
                previous = automatic if isinstance(automatic, int) else previous
                yield EnumValue(name, automatic)
            elif stated[0] == "k":
                previous = stated[1] if isinstance(stated[1], int) else previous
                yield EnumValue(name, stated[1])
            elif stated[0] != "?" or not stated[1].startswith("lambda"):
                yield EnumValue(name)


def _contributes(style: Style, leaf: Style) -> bool:
    """Whether an ancestor of one style gives its fields to a class of another."""
    generated = {Style.DATACLASS, Style.ATTRS}
    if leaf in generated:
        return style in generated
    return leaf is not Style.STRUCT or style is Style.STRUCT


def _specified(call: Expr) -> _Options:
    """`field(default=…)`, `Field(…, alias="x")`, `attr.ib(factory=list)`."""
    _, _, args, named = call
    default = named.get("default", args[0] if args else None)
    factory = named.get("default_factory", named.get("factory"))
    text: str | None = None
    if factory is not None:
        text = f"{text_of(factory)}()" if factory[0] in "na" else text_of(factory)
    elif default is not None and default != ELLIPSIS:
        text = text_of(default)
    aliases = (
        named.get(key) for key in ("alias", "serialization_alias", "validation_alias", "name")
    )
    alias = next((item[1] for item in aliases if item and item[0] == "k"), None)
    return _Options(
        default=text,
        has_default=text is not None,
        init=named.get("init") != ["k", False],
        alias=alias if isinstance(alias, str) else None,
        type=named.get("type"),
    )


def _first_of(value: Expr) -> Expr:
    """The value of `RED = "r", "Red"`, as labelled choices are written."""
    return value[2][0] if value[0] == "l" and value[1] == "(" and value[2] else value


def _automatic(name: str, previous: int, lasts: set[str]) -> str | int:
    if "StrEnum" in lasts:
        return name.lower()
    if lasts & {"Flag", "IntFlag"}:
        return 1 << previous.bit_length()
    return previous + 1
