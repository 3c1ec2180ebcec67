"""The text of a `.proto` file: the same draft and the same numbers give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from ..lock.model import ContextLock, Numbers
from .model import ProtoDraft, ProtoEnum, ProtoField, ProtoMessage, Service

NOTE = "// Written by `swop gen proto`: change the code, not this file."


def proto_text(draft: ProtoDraft, numbers: ContextLock) -> str:
    """The whole file."""
    parts: list[list[str]] = [
        [NOTE, 'syntax = "proto3";'],
        [f"package {draft.package};"],
        [f'import "{path}";' for path in draft.imports()],
        *(_service(service, draft.package) for service in draft.services),
        *(_message(item, numbers.messages[item.name], draft.package) for item in draft.messages),
        *(_enum(item, numbers.enums[item.name]) for item in draft.enums),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _service(service: Service, package: str) -> list[str]:
    lines = [f"service {service.name} {{"]
    near = {rpc.name for rpc in service.rpcs}
    for rpc in service.rpcs:
        if rpc.emits:
            lines.append(f"  // Emits: {', '.join(rpc.emits)}")
        request = _outside(rpc.request, near, package)
        response = _outside(rpc.response, near, package)
        lines.append(f"  rpc {rpc.name}({request}) returns ({response});")
    return [*lines, "}"]


def _message(message: ProtoMessage, numbers: Numbers, package: str) -> list[str]:
    near = {item.name for item in message.fields}
    lines = [f"// {message.comment}"] if message.comment else []
    lines += [f"message {message.name} {{", *_reserved(numbers, top=536_870_911)]
    for group, fields in groupby(message.fields, key=lambda item: item.oneof):
        if group is None:
            lines += [f"  {_field(item, numbers, near, package)}" for item in fields]
        else:
            inner = [f"    {_field(item, numbers, near, package)}" for item in fields]
            lines += [f"  oneof {group} {{", *inner, "  }"]
    return [*lines, "}"]


def _field(item: ProtoField, numbers: Numbers, near: set[str], package: str) -> str:
    label = f"{item.label} " if item.label else ""
    options = f' [json_name = "{item.json_name}"]' if item.json_name else ""
    kind = re.sub(r"[\w.]+", lambda word: _outside(word[0], near, package), item.type)
    return f"{label}{kind} {item.name} = {numbers.number(item.name)}{options};"


def _outside(name: str, near: set[str], package: str) -> str:
    """A type's name, in full where a field or a method of the same name stands in its way."""
    return f".{package}.{name}" if name in near and name not in _SCALARS else name


_SCALARS = frozenset({"bool", "bytes", "double", "int64", "map", "string"})


def _enum(enum: ProtoEnum, numbers: Numbers) -> list[str]:
    values = [f"  {name} = {numbers.number(name)};" for name in enum.values]
    reserved = _reserved(numbers, top=2_147_483_647)
    return [f"enum {enum.name} {{", *reserved, f"  {enum.zero} = 0;", *values, "}"]


def _reserved(numbers: Numbers, *, top: int) -> Iterator[str]:
    if numbers.reserved_numbers:
        yield f"  reserved {', '.join(_ranges(sorted(numbers.reserved_numbers), top))};"
    if numbers.reserved_names:
        names = ", ".join(f'"{name}"' for name in sorted(numbers.reserved_names))
        yield f"  reserved {names};"


def _ranges(numbers: Iterable[int], top: int) -> Iterator[str]:
    """`3, 5 to 7`."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        last = "max" if members[-1] == top else str(members[-1])
        yield str(members[0]) if len(members) == 1 else f"{members[0]} to {last}"
