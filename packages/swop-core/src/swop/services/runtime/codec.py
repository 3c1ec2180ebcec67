"""Values of the project's classes from protobuf messages, and back.

The contract says how each field is carried; the classes themselves are found by the type hints
of the message's class, so that a value arrives as what its handler expects.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import importlib
import typing
import uuid
from collections.abc import Callable, Mapping
from typing import Any

ABSENT = object()

_TEXTS: dict[str, Callable[[str], Any]] = {
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
}


class CodecError(ValueError):
    """A message does not hold what its class needs; the text says which field."""


def load(module: str, name: str) -> Any:
    """The class `name`, dotted where it is nested, of a module."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


class Codec:
    """Carries values of one artifact. `messages` gives the fields of every message by its name."""

    def __init__(self, pb2: Any, messages: Mapping[str, list[list[Any]]], *roots: Any) -> None:
        self.pb2 = pb2
        self.messages = messages
        self.classes: dict[str, Any] = {}
        for root in roots:
            self._collect(root)

    def decode(self, cls: Any, message: Any) -> Any:
        """The value of a class that a message stands for.

        Raises:
            CodecError: a field is missing, or does not hold what its type needs.
        """
        values: dict[str, Any] = {}
        for name, proto_name, shape, alias, nullable, has_default in self._fields(message):
            where = f"{message.DESCRIPTOR.name}.{name}"
            value = self._read(message, proto_name, shape, where, optional=nullable or has_default)
            if value is ABSENT and has_default:
                continue
            if value is ABSENT and not nullable:
                raise CodecError(f"{where} must be given")
            key = alias if alias and hasattr(cls, "model_validate") else name
            values[key] = None if value is ABSENT else value
        return _make(cls, values)

    def encode(self, value: Any, message: Any) -> Any:
        """Fill a message with the fields of a value, and return it."""
        for name, proto_name, shape, *_ in self._fields(message):
            held = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
            if held is not None:
                self.write(message, proto_name, shape, held)
        return message

    def _fields(self, message: Any) -> list[list[Any]]:
        return self.messages[message.DESCRIPTOR.name]

    # ── reading ──────────────────────────────────────────────────────────────────────

    def _read(
        self, message: Any, name: str, shape: list[Any], where: str, *, optional: bool
    ) -> Any:
        if shape[0] == "oneof":
            return self._chosen(message, name, shape[1], where)
        held = getattr(message, name)
        if shape[0] in {"list", "set", "map"}:
            return ABSENT if optional and not held else self._value(held, shape, where)
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.has_presence and not message.HasField(name):
            return ABSENT
        return self._value(held, shape, where)

    def _chosen(self, message: Any, group: str, pairs: list[list[Any]], where: str) -> Any:
        chosen = message.WhichOneof(group)
        shapes = dict(pairs)
        if chosen is None:
            return ABSENT
        return self._value(getattr(message, chosen), shapes[chosen], where)

    def _value(self, held: Any, shape: list[Any], where: str) -> Any:
        match shape:
            case ["list", inner]:
                return [self._value(item, inner, where) for item in held]
            case ["set", inner]:
                return {self._value(item, inner, where) for item in held}
            case ["map", key, inner]:
                return {
                    self._value(name, key, where): self._value(held[name], inner, where)
                    for name in held
                }
            case ["message", _, name]:
                return self.decode(self._class(name), held)
            case ["enum" | "literal", *_]:
                return self._constant(held, shape, where)
            case ["in", _, field, inner]:
                value = self._read(held, field, inner, where, optional=False)
                return None if value is ABSENT else value
            case ["tuple", _, pairs]:
                parts = (self._read(held, n, s, where, optional=False) for n, s in pairs)
                return tuple(None if part is ABSENT else part for part in parts)
            case ["choice", _, pairs]:
                value = self._chosen(held, "value", pairs, where)
                return None if value is ABSENT else value
        return _scalar(shape[0], held, where)

    def _constant(self, number: int, shape: list[Any], where: str) -> Any:
        kind = self.pb2.DESCRIPTOR.enum_types_by_name[shape[1]]
        known = kind.values_by_number.get(number)
        members = dict(shape[-1])
        if known is None or known.name not in members:
            raise CodecError(f"{where} must be one of {', '.join(map(str, members.values()))}")
        member = members[known.name]
        return member if shape[0] == "literal" else self._class(shape[2])[member]

    # ── writing ──────────────────────────────────────────────────────────────────────

    def write(self, message: Any, name: str, shape: list[Any], value: Any) -> None:
        """Set one field."""
        match shape:
            case ["oneof", pairs]:
                self._choose(message, pairs, value)
            case ["list" | "set", inner]:
                held = getattr(message, name)
                for item in value:
                    if _is_message(inner):
                        self._fill(held.add(), inner, item)
                    else:
                        held.append(self._plain(inner, item))
            case ["map", key, inner]:
                held = getattr(message, name)
                for item, mapped in value.items():
                    if _is_message(inner):
                        self._fill(held[self._plain(key, item)], inner, mapped)
                    else:
                        held[self._plain(key, item)] = self._plain(inner, mapped)
            case _ if _is_message(shape):
                getattr(message, name).SetInParent()
                self._fill(getattr(message, name), shape, value)
            case _:
                setattr(message, name, self._plain(shape, value))

    def _fill(self, message: Any, shape: list[Any], value: Any) -> None:
        match shape:
            case ["message", *_]:
                self.encode(value, message)
            case ["in", _, field, inner]:
                if value is not None:
                    self.write(message, field, inner, value)
            case ["tuple", _, pairs]:
                for (field, inner), item in zip(pairs, value, strict=True):
                    if item is not None:
                        self.write(message, field, inner, item)
            case ["choice", _, pairs]:
                self._choose(message, pairs, value)
            case ["datetime"]:
                utc = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
                message.FromDatetime(utc)
            case ["timedelta"]:
                message.FromTimedelta(value)
            case ["Any"]:
                message.Pack(_json_value(value))

    def _choose(self, message: Any, pairs: list[list[Any]], value: Any) -> None:
        for name, shape in pairs:
            if self._fits(shape, value):
                self.write(message, name, shape, value)
                return
        raise CodecError(f"{value!r} fits none of {', '.join(name for name, _ in pairs)}"[:200])

    def _fits(self, shape: list[Any], value: Any) -> bool:
        match shape:
            case ["message", _, name]:
                return isinstance(value, self._class(name))
            case ["enum", _, name, _]:
                return isinstance(value, self._class(name))
            case ["literal", _, pairs]:
                return any(value == constant for _, constant in pairs)
            case ["list" | "set" | "map" | "tuple" as kind, *_]:
                return isinstance(value, _CONTAINERS[kind])
            case ["in", _, _, inner]:
                return self._fits(inner, value)
            case ["Any"]:
                return True
        kind = _PYTHON[shape[0]]
        return type(value) is kind or (kind is not int and isinstance(value, kind))

    def _plain(self, shape: list[Any], value: Any) -> Any:
        match shape:
            case ["enum", _, _, pairs]:
                wanted = value.name if isinstance(value, enum.Enum) else str(value)
                return self._number(shape[1], pairs, wanted)
            case ["literal", _, pairs]:
                return self._number(shape[1], pairs, value)
            case ["int" | "bool" | "float" | "bytes" as kind]:
                return _PYTHON[kind](value)
            case ["date" | "time"]:
                return str(value.isoformat())
        return str(value)

    def _number(self, name: str, pairs: list[list[Any]], wanted: Any) -> int:
        for proto_name, member in pairs:
            if member == wanted:
                kind = self.pb2.DESCRIPTOR.enum_types_by_name[name]
                return int(kind.values_by_name[proto_name].number)
        raise CodecError(f"{wanted!r} is no value of {name}")

    # ── classes ──────────────────────────────────────────────────────────────────────

    def _class(self, name: str) -> Any:
        if name not in self.classes:
            raise CodecError(f"the class {name} was not found in the type hints of the message")
        return self.classes[name]

    def _collect(self, hint: Any) -> None:
        for part in typing.get_args(hint):
            self._collect(part)
        if not isinstance(hint, type) or hint.__module__ in {"builtins", "datetime", "typing"}:
            return
        names = (hint.__name__, f"{hint.__module__}.{hint.__qualname__}")
        if self.classes.get(names[1]) is hint:
            return
        self.classes[names[1]] = hint
        self.classes.setdefault(names[0], hint)
        for inner in _hints(hint).values():
            self._collect(inner)


_PYTHON: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "bytes": bytes,
    "datetime": dt.datetime,
    "timedelta": dt.timedelta,
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "date": dt.date,
    "time": dt.time,
}
_CONTAINERS: dict[str, Any] = {
    "list": list,
    "set": (set, frozenset),
    "map": Mapping,
    "tuple": tuple,
}
_MESSAGES = frozenset({"message", "in", "tuple", "choice", "datetime", "timedelta", "Any"})


def _is_message(shape: list[Any]) -> bool:
    return shape[0] in _MESSAGES


def _scalar(kind: str, held: Any, where: str) -> Any:
    if kind == "datetime":
        return held.ToDatetime(tzinfo=dt.UTC)
    if kind == "timedelta":
        return held.ToTimedelta()
    if kind == "Any":
        return _plain_value(held)
    if kind not in _TEXTS:
        return held
    try:
        return _TEXTS[kind](held)
    except (ValueError, decimal.InvalidOperation):
        raise CodecError(f"{where}: {held!r} is no {kind}"[:200]) from None


def _json_value(value: Any) -> Any:
    parse = importlib.import_module("google.protobuf.json_format").ParseDict
    return parse(value, importlib.import_module("google.protobuf.struct_pb2").Value())


def _plain_value(held: Any) -> Any:
    plain = importlib.import_module("google.protobuf.json_format").MessageToDict
    value = importlib.import_module("google.protobuf.struct_pb2").Value()
    return plain(value) if held.Unpack(value) else None


def _hints(cls: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except (NameError, TypeError):
        return {}


def _make(cls: Any, values: dict[str, Any]) -> Any:
    """Make a value in the way of its library: pydantic, a constructor, or plain attributes."""
    if hasattr(cls, "model_validate"):
        return cls.model_validate(values)
    if cls.__init__ is object.__init__ and cls.__new__ is object.__new__:
        made = cls()
        for name, value in values.items():
            setattr(made, name, value)
        return made
    return cls(**values)
