"""What a scan found: detections, by context, with every error as one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..contract import FieldDef, NestedType, Response
from ..contract.model import nested_from_dict
from .vocabulary import DetectionKind, DetectionVia


@dataclass(frozen=True, slots=True)
class HandlerRef:
    """Who handles a message: the file, class and method, and the handler's own context."""

    file: str
    cls: str
    method: str | None
    context: str

    def to_dict(self) -> dict[str, Any]:
        """The reference as a mapping."""
        return {
            "file": self.file,
            "class": self.cls,
            "method": self.method,
            "context": self.context,
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> HandlerRef:
        """The inverse of `to_dict`."""
        return HandlerRef(data["file"], data["class"], data["method"], data["context"])


@dataclass(frozen=True, slots=True)
class Detection:
    """One command, query, event or handler.

    `qualname` is unique within a project except for copies of the same module path; `handles`
    is the target's name and `target` its qualname when it was found. `handlers` is the other
    end of that link. A handler's `emits` are the events that its methods construct.
    """

    kind: DetectionKind
    name: str
    qualname: str
    module: str
    context: str
    source_file: str
    source_line: int
    via: DetectionVia
    confidence: float = 1.0
    bases: list[str] = field(default_factory=list)
    decorators: list[str] = field(default_factory=list)
    handles: str | None = None
    emits: list[str] = field(default_factory=list)
    reason: str = ""
    fields: list[FieldDef] = field(default_factory=list)
    file_fingerprint: str | None = None
    handler_method: str | None = None
    target: str | None = None
    handlers: list[HandlerRef] = field(default_factory=list)
    types: list[NestedType] = field(default_factory=list)
    response: Response | None = None

    @property
    def class_name(self) -> str:
        """The class as its module knows it: `Outer.Inner`."""
        return self.qualname[len(self.module) + 1 :]

    def to_dict(self) -> dict[str, Any]:
        """The detection as a mapping, with every key present."""
        shown: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        shown["fields"] = [item.to_dict() for item in self.fields]
        shown["handlers"] = [item.to_dict() for item in self.handlers]
        shown["types"] = [item.to_dict() for item in self.types]
        shown["response"] = self.response.to_dict() if self.response else None
        return shown

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Detection:
        """The inverse of `to_dict`."""
        response = data.get("response")
        return Detection(
            **{name: data[name] for name in _PLAIN if name in data},
            fields=[FieldDef.from_dict(item) for item in data["fields"]],
            handlers=[HandlerRef.from_dict(item) for item in data.get("handlers", ())],
            types=[nested_from_dict(item) for item in data.get("types", ())],
            response=Response.from_dict(response) if response else None,
        )


_PLAIN = (
    "kind",
    "name",
    "qualname",
    "module",
    "context",
    "source_file",
    "source_line",
    "via",
    "confidence",
    "bases",
    "decorators",
    "handles",
    "emits",
    "reason",
    "file_fingerprint",
    "handler_method",
    "target",
)


@dataclass(slots=True)
class ContextSummary:
    """How much of each kind a context holds, and in how many files."""

    name: str
    files_scanned: int = 0
    files_cached: int = 0
    commands: int = 0
    queries: int = 0
    events: int = 0
    handlers: int = 0

    @property
    def total(self) -> int:
        """The number of artifacts."""
        return self.commands + self.queries + self.events + self.handlers

    def add(self, detection: Detection) -> None:
        """Count one detection."""
        plural = {"query": "queries"}.get(detection.kind, f"{detection.kind}s")
        setattr(self, plural, getattr(self, plural) + 1)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ContextSummary:
        """The inverse of `to_dict`, for a scan in which every file was already known."""
        known = data["files_scanned"] + data["files_cached"]
        counts = (data[name] for name in ("commands", "queries", "events", "handlers"))
        return cls(data["name"], 0, known, *counts)

    def to_dict(self) -> dict[str, Any]:
        """The summary as a mapping."""
        return {
            "name": self.name,
            "files_scanned": self.files_scanned,
            "files_cached": self.files_cached,
            "total": self.total,
            "commands": self.commands,
            "queries": self.queries,
            "events": self.events,
            "handlers": self.handlers,
        }


@dataclass(slots=True)
class ScanReport:
    """The outcome of a scan.

    `key` stands for everything that the outcome depends on, or is empty.
    `files_scanned` were looked at afresh, `files_cached` were known by content, and
    `files_skipped` could not be read. `errors` and `warnings` are lines `path:line: what`.
    """

    project: str
    project_root: Path
    detections: list[Detection] = field(default_factory=list)
    contexts: dict[str, ContextSummary] = field(default_factory=dict)
    files_scanned: int = 0
    files_cached: int = 0
    files_skipped: int = 0
    errors: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    key: str = field(default="", compare=False)
    _counts: tuple[dict[str, int], dict[str, int]] | None = field(
        default=None, repr=False, compare=False
    )
    _load: Callable[[], list[Detection]] | None = field(default=None, repr=False, compare=False)

    def remember_later(
        self,
        load: Callable[[], list[Detection]],
        kinds: dict[str, int],
        via: dict[str, int],
    ) -> None:
        """Leave the detections to be loaded when they are first asked for; counts are known."""
        del self.detections
        self._load, self._counts = load, (kinds, via)

    def __getattr__(self, name: str) -> Any:
        # Called only for a slot that is empty: detections that are still to be loaded.
        if name != "detections" or self._load is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.detections = self._load()
        self._counts = None
        return self.detections

    @property
    def files_total(self) -> int:
        """How many files the project has."""
        return self.files_scanned + self.files_cached

    def add(self, detection: Detection) -> None:
        """Add a detection and count it in its context."""
        self.detections.append(detection)
        self.context(detection.context).add(detection)

    def context(self, name: str) -> ContextSummary:
        """The summary of a context, empty at first."""
        if name not in self.contexts:
            self.contexts[name] = ContextSummary(name)
        return self.contexts[name]

    def kinds(self) -> dict[str, int]:
        """How many detections there are of each kind."""
        if self._counts is not None:
            return self._counts[0]
        return dict(sorted(Counter(item.kind for item in self.detections).items()))

    def via(self) -> dict[str, int]:
        """How many detections there are by each way of finding them."""
        if self._counts is not None:
            return self._counts[1]
        return dict(sorted(Counter(item.via for item in self.detections).items()))

    def of_kind(self, kind: DetectionKind) -> list[Detection]:
        """The detections of one kind."""
        return [item for item in self.detections if item.kind == kind]

    def of_context(self, context: str) -> list[Detection]:
        """The detections of one context."""
        return [item for item in self.detections if item.context == context]

    def to_dict(self) -> dict[str, Any]:
        """The report as a mapping, as `swop scan --json` prints it."""
        return {
            "project": self.project,
            "project_root": str(self.project_root),
            "summary": {
                "kinds": self.kinds(),
                "via": self.via(),
                "files_scanned": self.files_scanned,
                "files_cached": self.files_cached,
                "files_skipped": self.files_skipped,
                "errors": len(self.errors),
                "warnings": len(self.warnings),
            },
            "contexts": [item.to_dict() for item in self.contexts.values()],
            "detections": [item.to_dict() for item in self.detections],
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "ignored": list(self.ignored),
        }

    def format_text(self, *, details: bool = True) -> str:
        """The report as lines for a terminal; without `details` errors are only counted."""
        kinds, via = self.kinds(), self.via()
        lines = [
            f"swop scan — {self.project}",
            f"  files scanned: {self.files_scanned} "
            f"(cached: {self.files_cached}, skipped: {self.files_skipped})",
            "  detections:",
            f"    {kinds.get('command', 0):4} commands   "
            f"({via.get('decorator', 0)} decorator / {via.get('heuristic', 0)} heuristic overall)",
            f"    {kinds.get('query', 0):4} queries",
            f"    {kinds.get('event', 0):4} events",
            f"    {kinds.get('handler', 0):4} handlers",
        ]
        if self.contexts:
            lines.append("  contexts:")
        lines += [
            f"    {item.name:20} cmd={item.commands} qry={item.queries} "
            f"evt={item.events} hdl={item.handlers}"
            for item in self.contexts.values()
        ]
        for title, entries in (("errors", self.errors), ("warnings", self.warnings)):
            if entries:
                lines.append(f"  {title}: {len(entries)}")
                lines += [f"    - {entry}" for entry in entries if details]
        return "\n".join(lines)
