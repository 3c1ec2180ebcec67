"""Fields and types as plain values, with their one mapping form for JSON and YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field of a message.

    `type` is the declared type in its shortest canonical form: aliases are followed,
    `Annotated` is unwrapped, and a class of the project is called by the name under which
    the message's `types` describe it. It is empty where nothing was declared. `alias` is the
    field's name on the wire where that differs.
    """

    name: str
    type: str = ""
    required: bool = True
    nullable: bool = False
    default: str | None = None
    alias: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The field as a mapping; `alias` only where there is one."""
        shown: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "nullable": self.nullable,
            "default": self.default,
        }
        if self.alias is not None:
            shown["alias"] = self.alias
        return shown

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> FieldDef:
        """The inverse of `to_dict`."""
        return FieldDef(
            data["name"],
            data["type"],
            data["required"],
            data["nullable"],
            data["default"],
            data.get("alias"),
        )


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One member of an enum: its name, and its value where that is a constant."""

    name: str
    value: str | int | float | bool | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enum that a field uses."""

    name: str
    values: tuple[EnumValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The enum as a mapping."""
        values = [{"name": item.name, "value": item.value} for item in self.values]
        return {"kind": "enum", "name": self.name, "values": values}


@dataclass(frozen=True, slots=True)
class MessageType:
    """A class with fields that a field uses."""

    name: str
    fields: tuple[FieldDef, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The message as a mapping."""
        fields = [item.to_dict() for item in self.fields]
        return {"kind": "message", "name": self.name, "fields": fields}


NestedType = EnumType | MessageType


def nested_from_dict(data: Mapping[str, Any]) -> NestedType:
    """The inverse of `EnumType.to_dict` and `MessageType.to_dict`."""
    if data["kind"] == "enum":
        values = (EnumValue(item["name"], item["value"]) for item in data["values"])
        return EnumType(data["name"], tuple(values))
    return MessageType(data["name"], tuple(FieldDef.from_dict(item) for item in data["fields"]))


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers: the declared type, and its fields where it is a message."""

    type: str
    fields: tuple[FieldDef, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The response as a mapping."""
        return {"type": self.type, "fields": [item.to_dict() for item in self.fields]}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Response:
        """The inverse of `to_dict`."""
        return Response(data["type"], tuple(FieldDef.from_dict(item) for item in data["fields"]))
