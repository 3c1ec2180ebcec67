"""A manifest as it is read: typed, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..contract import FieldDef, NestedType, Response
from ..scan.vocabulary import DetectionKind


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One artifact as a manifest states it. `extra` holds keys that are not known here."""

    key: str
    name: str
    module: str = ""
    source_file: str = ""
    class_name: str = ""
    fields: tuple[FieldDef, ...] = ()
    types: tuple[NestedType, ...] = ()
    response: Response | None = None
    emits: tuple[str, ...] = ()
    handlers: tuple[dict[str, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The artifacts of one kind in one context."""

    path: Path
    context: str
    kind: DetectionKind
    entries: dict[str, ManifestEntry]
