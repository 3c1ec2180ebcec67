"""The outcome of a comparison: changes with their severities, and what was accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .found import Key
from .rules import Category, ChangeKind, Severity, Tier

NO_DRIFT = "[RESOLVE] no drift — manifests match the current scan."
_TITLES = {
    Category.SCHEMA: "schema: what is on both sides and differs",
    Category.MISSING: "missing: what the baseline has and the code has not",
    Category.UNEXPECTED: "unexpected: what the code has and the baseline has not",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One finding of `swop resolve`.

    `target` is what `name` is: a command, query, event, type, context, message, enum or the
    lock. `breaking` says that it is an error that nobody accepted. `accepted` is the reason
    that was given, where one was. `old_key` and `new_key` are the manifest entries behind it.
    """

    kind: ChangeKind
    context: str
    target: str
    name: str
    detail: str
    breaking: bool = False
    field: str | None = None
    old: str | None = None
    new: str | None = None
    rule: str = ""
    tier: Tier = Tier.CATALOGUE
    severity: Severity = Severity.INFO
    category: Category = Category.SCHEMA
    file: str | None = None
    line: int | None = None
    accepted: str | None = None
    old_key: Key | None = None
    new_key: Key | None = None

    @property
    def where(self) -> str:
        """What the change is about, as the accept file names it: `billing.IssueInvoice.note`."""
        parts = (self.context, self.name, self.field or "")
        return ".".join(part for part in parts if part)

    def format(self) -> str:
        """The change as one line."""
        place = f" ({self.file}:{self.line})" if self.file else ""
        accepted = f" [accepted: {self.accepted}]" if self.accepted else ""
        return f"{self.severity:7} {self.rule} {self.where}: {self.detail}{place}{accepted}"

    def to_dict(self) -> dict[str, Any]:
        """The change as a mapping."""
        return {
            "kind": self.kind.value,
            "context": self.context,
            "target": self.target,
            "name": self.name,
            "detail": self.detail,
            "breaking": self.breaking,
            "field": self.field,
            "old": self.old,
            "new": self.new,
            "rule": self.rule,
            "tier": self.tier.value,
            "severity": self.severity.value,
            "category": self.category.value,
            "file": self.file,
            "line": self.line,
            "accepted": self.accepted,
        }


@dataclass(slots=True)
class ResolutionReport:
    """All changes against one baseline. `remarks` are lines on the accept file."""

    changes: list[Change] = field(default_factory=list)
    manifests_dir: Path | None = None
    baseline: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def breaking(self) -> list[Change]:
        """The errors that nobody accepted."""
        return [item for item in self.changes if item.breaking]

    @property
    def non_breaking(self) -> list[Change]:
        """All other changes."""
        return [item for item in self.changes if not item.breaking]

    @property
    def counts(self) -> dict[str, int]:
        """How many changes there are of each kind, how many break, and how many in all."""
        counted = {
            kind.value: sum(item.kind is kind for item in self.changes) for kind in ChangeKind
        }
        return {**counted, "breaking": len(self.breaking), "total": len(self.changes)}

    def to_json(self) -> dict[str, Any]:
        """The report as `swop resolve --json` prints it."""
        return {
            "manifests_dir": str(self.manifests_dir) if self.manifests_dir else None,
            "baseline": self.baseline,
            "counts": self.counts,
            "changes": [item.to_dict() for item in self.changes],
            "remarks": list(self.remarks),
        }

    def format(self) -> str:
        """The report as lines for a terminal, grouped by the kinds of drift."""
        if not self.changes:
            return NO_DRIFT
        counts = self.counts
        head = f"[RESOLVE] {counts['total']} change(s), {counts['breaking']} breaking"
        return "\n".join([f"{head}, against {self.baseline}", *self._groups()])

    def _groups(self) -> Iterator[str]:
        for category, title in _TITLES.items():
            group = [item for item in self.changes if item.category is category]
            if group:
                yield f"  {title}"
                yield from (f"    {item.format()}" for item in group)
