"""From detections to the content of one manifest.

A manifest says what the contract is and where it lives. It leaves out what changes without
the contract changing, such as line numbers and fingerprints of files: committed files must
not change because a comment did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..config import BusConfig
from ..contract import FieldDef, NestedType
from ..contract.model import EnumType
from ..scan.report import Detection, HandlerRef
from ..scan.vocabulary import DetectionKind

BLOCKS: dict[DetectionKind, str] = {"command": "commands", "query": "queries", "event": "events"}


def manifest_content(
    context: str,
    kind: DetectionKind,
    detections: Sequence[Detection],
    *,
    bus: BusConfig | None = None,
    emits_of: Mapping[tuple[str, str], Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The manifest of one kind in one context.

    `emits_of` gives the events that a handler, named by file and class, constructs.
    """
    keys = entry_keys(detections)
    entries = {
        keys[index]: _entry(item, kind, bus, emits_of or {})
        for index, item in enumerate(detections)
    }
    return {
        "version": 1,
        "context": context,
        BLOCKS[kind]: {key: entries[key] for key in sorted(entries)},
    }


def entry_keys(detections: Sequence[Detection]) -> list[str]:
    """A key for each detection: its name, or the qualified name where a name is not unique."""
    counts = Counter(item.name for item in detections)
    keys = [item.name if counts[item.name] == 1 else item.qualname for item in detections]
    doubled = Counter(keys)
    return [
        key if doubled[key] == 1 else f"{key} ({item.source_file}:{item.source_line})"
        for key, item in zip(keys, detections, strict=True)
    ]


def _entry(
    item: Detection,
    kind: DetectionKind,
    bus: BusConfig | None,
    emits_of: Mapping[tuple[str, str], Sequence[str]],
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "module": item.module,
        "source": {"file": item.source_file, "class": item.class_name},
        "fields": [field_entry(field) for field in item.fields],
    }
    if item.via == "heuristic":
        entry["detected"] = {
            "via": item.via,
            "confidence": item.confidence,
            "reason": item.reason,
        }
    entry |= _handlers(item)
    emitted = set(item.emits).union(*(emits_of.get((h.file, h.cls), ()) for h in item.handlers))
    if emitted:
        entry["emits"] = sorted(emitted)
    if item.response is not None:
        entry["response"] = {
            "type": item.response.type,
            "fields": [field_entry(field) for field in item.response.fields],
        }
    if item.types:
        entry["types"] = [type_entry(nested) for nested in item.types]
    if bus is not None and kind == "command":
        entry["bus"] = bus_entry(item.context, item.name, bus)
    return entry


def field_entry(field: FieldDef) -> dict[str, Any]:
    """A field: name, type and required always, the rest where it says something."""
    entry: dict[str, Any] = {"name": field.name}
    if field.type:
        entry["type"] = field.type
    entry["required"] = field.required
    if field.nullable:
        entry["nullable"] = True
    if field.default is not None:
        entry["default"] = field.default
    if field.alias is not None:
        entry["alias"] = field.alias
    return entry


def type_entry(nested: NestedType) -> dict[str, Any]:
    """A nested message or enum."""
    if isinstance(nested, EnumType):
        values = [{"name": value.name, "value": value.value} for value in nested.values]
        return {"kind": "enum", "name": nested.name, "values": values}
    fields = [field_entry(field) for field in nested.fields]
    return {"kind": "message", "name": nested.name, "fields": fields}


def _handlers(item: Detection) -> dict[str, Any]:
    entries = [_handler(handler, item.context) for handler in _in_order(item.handlers)]
    if not entries:
        return {}
    return {"handler": entries[0]} if len(entries) == 1 else {"handlers": entries}


def _in_order(handlers: Iterable[HandlerRef]) -> list[HandlerRef]:
    return sorted(handlers, key=lambda item: (item.file, item.cls))


def _handler(handler: HandlerRef, context: str) -> dict[str, Any]:
    entry = {"file": handler.file, "class": handler.cls}
    if handler.method is not None:
        entry["method"] = handler.method
    if handler.context != context:
        entry["context"] = handler.context
    return entry


def bus_entry(context: str, name: str, bus: BusConfig) -> dict[str, str]:
    """Where a message goes on a bus, in the bus's own words."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]
    key = ".".join([context, *(words or [name.lower()])])
    match bus.type:
        case "rabbitmq":
            return {"exchange": f"{context}.commands", "routing_key": key}
        case "redis" | "redis-streams":
            return {"stream": key}
        case "kafka":
            return {"topic": key}
    return {"type": bus.type, "routing_key": key}
