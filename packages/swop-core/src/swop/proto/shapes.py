"""From terms to protobuf types, and to shapes that say how a value is carried.

A shape is plain data, so that generated code can hold it:

    ["int"]                        a scalar, by the name of its Python type
    ["message", M, class]          a described class, in the message M
    ["enum", E, class, [[value, name]]]  protobuf's value names and the members' names
    ["literal", E, [[value, c]]]   constants
    ["list", shape]                repeated;  ["set", shape] likewise
    ["map", key, value]            a map
    ["oneof", [[field, shape]]]    the fields of a oneof
    ["in", M, field, shape]        a message M of one field that holds what cannot stand alone
    ["tuple", M, [[field, shape]]] a message with a field for every place
    ["choice", M, [[field, shape]]] a message that holds a oneof
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..contract.terms import ListOf, LiteralOf, MapOf, Maybe, Named, OneOf, Scalar, Term, TupleOf
from .model import GOOGLE, Label, ProtoEnum, ProtoField, ProtoMessage, Shape
from .names import Scope, constant_name, identifier, type_name

_TYPES: dict[Scalar, str] = {
    Scalar.BOOL: "bool",
    Scalar.INT: "int64",
    Scalar.FLOAT: "double",
    Scalar.BYTES: "bytes",
    Scalar.TIMESTAMP: f"{GOOGLE}Timestamp",
    Scalar.DURATION: f"{GOOGLE}Duration",
    Scalar.ANY: f"{GOOGLE}Any",
}
_KEYS = {Scalar.INT: "int64", Scalar.BOOL: "bool"}


def scalar_type(scalar: Scalar) -> str:
    """The protobuf type of a scalar; what has no exact one is text."""
    return _TYPES.get(scalar, "string")


@dataclass(frozen=True, slots=True)
class Slot:
    """What one field needs: a type, a label, and the shape of its value."""

    type: str
    shape: Shape
    label: Label = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a term stands: its owner and field, and whom to tell what cannot be expressed.

    `find` gives the message or the enum of a name, as (name in the file, is it an enum).
    """

    hint: str
    find: Callable[[str], tuple[str, ProtoEnum | None, list[list[str]]]]
    tell: Callable[[str], None]


class Shaper:
    """Shapes the terms of one file, making the messages that protobuf needs in between."""

    def __init__(self, types: Scope, values: Scope) -> None:
        self.types = types
        self.values = values
        self.made_messages: list[ProtoMessage] = []
        self.made_enums: list[ProtoEnum] = []
        self._wrappers: dict[tuple[object, ...], str] = {}

    def slot(self, term: Term, place: Place) -> Slot:
        """What a field of this term needs. A union needs several fields: see `members`."""
        match term:
            case ListOf(item, unique):
                inner = self._single(item, place)
                return Slot(inner.type, ["set" if unique else "list", inner.shape], "repeated")
            case MapOf(key, value):
                inner = self._single(value, place)
                key_type = self._key(key, place)
                shape = ["map", self._key_shape(key), inner.shape]
                return Slot(f"map<{key_type}, {inner.type}>", shape)
        return self._single(term, place)

    def members(self, union: OneOf, place: Place) -> list[tuple[str, Slot]]:
        """The fields of a union: a name for each member, and what it needs."""
        scope = Scope(loose=True)
        slots = [self._single(member, place) for member in union.members]
        return [(scope.take(_short(slot.type)), slot) for slot in slots]

    def _single(self, term: Term, place: Place) -> Slot:
        """A slot without a label: what may stand in a list, a map or a union."""
        match term:
            case Scalar():
                return Slot(scalar_type(term), [term.value])
            case Named(name):
                return self._named(name, place)
            case LiteralOf(values):
                return self._literal(values, place)
            case TupleOf(items):
                return self._tuple(items, place)
            case OneOf():
                return self._choice(term, place)
            case Maybe(inner):
                slot = self.slot(inner, place)
                label: Label = slot.label or ("" if slot.type.startswith("map<") else "optional")
                return self._wrapped("Optional", slot, "value", label)
            case ListOf():
                return self._wrapped("ListOf", self.slot(term, place), "items", "repeated")
            case MapOf():
                return self._wrapped("", self.slot(term, place), "items", "")

    def _named(self, name: str, place: Place) -> Slot:
        found, enum, members = place.find(name)
        if enum is None:
            return Slot(found, ["message", found, name])
        return Slot(found, ["enum", found, name, members])

    def _literal(self, values: tuple[str | int | bool, ...], place: Place) -> Slot:
        key = ("literal", place.hint, values)
        if key not in self._wrappers:
            enum = make_enum(place.hint, [str(value) for value in values], self.types, self.values)
            self.made_enums.append(enum)
            self._wrappers[key] = enum.name
        name = self._wrappers[key]
        enum = next(item for item in self.made_enums if item.name == name)
        pairs = [list(pair) for pair in zip(enum.values, values, strict=True)]
        return Slot(name, ["literal", name, pairs])

    def _tuple(self, items: tuple[Term, ...], place: Place) -> Slot:
        slots = [self.slot_or_choice(item, place) for item in items]
        names = [f"item_{number}" for number in range(1, len(items) + 1)]
        fields = [
            ProtoField(name, slot.type, slot.label) for name, slot in zip(names, slots, strict=True)
        ]
        wanted = "TupleOf" + "And".join(_title(slot) for slot in slots)
        name = self._message(wanted, tuple(fields))
        pairs = [[field, slot.shape] for field, slot in zip(names, slots, strict=True)]
        return Slot(name, ["tuple", name, pairs])

    def slot_or_choice(self, term: Term, place: Place) -> Slot:
        """A slot for one field, also of a union: in a message of its own."""
        return self._single(term, place) if isinstance(term, OneOf) else self.slot(term, place)

    def _choice(self, union: OneOf, place: Place) -> Slot:
        members = self.members(union, place)
        fields = tuple(ProtoField(name, slot.type, oneof="value") for name, slot in members)
        wanted = "OneOf" + "Or".join(_title(slot) for _, slot in members)
        name = self._message(wanted, fields)
        return Slot(name, ["choice", name, [[field, slot.shape] for field, slot in members]])

    def _wrapped(self, prefix: str, slot: Slot, field: str, label: Label) -> Slot:
        inner = Slot(slot.type, slot.shape) if prefix == "ListOf" else slot
        name = self._message(prefix + _title(inner), (ProtoField(field, slot.type, label),))
        return Slot(name, ["in", name, field, slot.shape])

    def _message(self, wanted: str, fields: tuple[ProtoField, ...]) -> str:
        """A message made for a purpose: the same fields are the same message."""
        key = (wanted, fields)
        if key not in self._wrappers:
            name = self.types.take(wanted[:200])
            self._wrappers[key] = name
            self.made_messages.append(ProtoMessage(name, fields, comment="Made by swop."))
        return self._wrappers[key]

    def _key(self, key: Term, place: Place) -> str:
        if isinstance(key, Scalar) and (key in _KEYS or key.is_text):
            return _KEYS.get(key, "string")
        place.tell("protobuf has no such key of a map: it became text")
        return "string"

    def _key_shape(self, key: Term) -> Shape:
        return [key.value] if isinstance(key, Scalar) else ["str"]


def make_enum(name: str, members: list[str], types: Scope, values: Scope) -> ProtoEnum:
    """An enum whose values are told apart in the whole file, as protobuf wants."""
    taken = types.take(name)
    prefix = constant_name(taken)
    zero = values.take(f"{prefix}_UNSPECIFIED")
    own = Scope(loose=True)
    own.take("UNSPECIFIED")
    named = [own.take(identifier(member).upper().strip("_") or "EMPTY") for member in members]
    return ProtoEnum(taken, zero, tuple(values.take(f"{prefix}_{member}") for member in named))


def _short(proto_type: str) -> str:
    """The part of a field's name that tells one member of a union from the others."""
    last = proto_type.rpartition(".")[2]
    words = constant_name({"int64": "int", "double": "float"}.get(last, last))
    return words.lower()


def _title(slot: Slot) -> str:
    if slot.type.startswith("map<"):
        key, value = slot.type[4:-1].split(", ")
        return f"MapOf{_word(key)}To{_word(value)}"
    return f"ListOf{_word(slot.type)}" if slot.label == "repeated" else _word(slot.type)


def _word(proto_type: str) -> str:
    return type_name(proto_type.rpartition(".")[2])
