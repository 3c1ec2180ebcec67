"""A `.proto` file before it has numbers: those come from the lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ..contract.described import Remark

Label = Literal["", "optional", "repeated"]
Shape = list[Any]  # how a value is built; see `shapes`


@dataclass(frozen=True, slots=True)
class ProtoField:
    """One field. `oneof` names the group it belongs to; `json_name` overrides protobuf's own."""

    name: str
    type: str
    label: Label = ""
    oneof: str | None = None
    json_name: str | None = None

    @property
    def wire_type(self) -> str:
        """What decides whether old bytes still mean the same: the type, and whether it repeats."""
        return f"repeated {self.type}" if self.label == "repeated" else self.type


@dataclass(frozen=True, slots=True)
class Binding:
    """How a field of a class is carried: its name there, and the shape of its value."""

    name: str
    proto_name: str
    shape: Shape
    alias: str | None = None
    nullable: bool = False
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class ProtoMessage:
    """One message. `origin` is the class it stands for, `comment` a line above it."""

    name: str
    fields: tuple[ProtoField, ...] = ()
    origin: str = ""
    comment: str = ""
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class ProtoEnum:
    """One enum; its zero, which says that nothing was given, is not among the values."""

    name: str
    zero: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method, and the events that its handler emits."""

    name: str
    request: str
    response: str
    emits: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """The commands or the queries of a context."""

    name: str
    kind: str
    rpcs: tuple[Rpc, ...]


@dataclass(frozen=True, slots=True)
class ProtoDraft:
    """One file: everything of one context, in a fixed order."""

    context: str
    ident: str
    services: tuple[Service, ...] = ()
    messages: tuple[ProtoMessage, ...] = ()
    enums: tuple[ProtoEnum, ...] = ()
    events: dict[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    @property
    def package(self) -> str:
        """The protobuf package."""
        return f"{self.ident}.v1"

    @property
    def path(self) -> str:
        """The file's path below the output folder, with slashes."""
        return f"{self.ident}/v1/{self.ident}.proto"

    def imports(self) -> list[str]:
        """The well-known files that the fields use."""
        used = {name for message in self.messages for name in _google_types(message)}
        return sorted(f"google/protobuf/{name.lower()}.proto" for name in used)


def _google_types(message: ProtoMessage) -> Iterator[str]:
    for item in message.fields:
        for word in item.type.replace("<", " ").replace(">", " ").replace(",", " ").split():
            if word.startswith(GOOGLE):
                yield word.removeprefix(GOOGLE)


GOOGLE = ".google.protobuf."
