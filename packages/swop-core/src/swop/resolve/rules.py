"""What a rule is. The rules themselves are in `catalogue`, each with an example that is run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How deep a change cuts: what breaks on one tier breaks on those before it, too.

    `catalogue` changes what is known of the project. `source` breaks code that uses the
    classes or what is generated from them. `wire-json` breaks messages that travel as JSON,
    `wire` those that travel as protobuf.
    """

    CATALOGUE = "catalogue"
    SOURCE = "source"
    WIRE_JSON = "wire-json"
    WIRE = "wire"


class Severity(StrEnum):
    """What a finding does: an error fails a strict run, `ignore` keeps it out of the report."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    IGNORE = "ignore"


class Category(StrEnum):
    """The kinds of drift under which a report groups its findings."""

    SCHEMA = "schema"
    MISSING = "missing"
    UNEXPECTED = "unexpected"


class ChangeKind(StrEnum):
    """The published kinds of changes; every rule belongs to one."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    TYPE_CHANGED = "type-changed"
    REQUIRED_CHANGED = "required-changed"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a contract can change, with the smallest example of it.

    The two sides of an example are Python; a line `# file: NAME` begins another file.
    """

    id: str
    tier: Tier
    severity: Severity
    kind: ChangeKind
    category: Category
    meaning: str
    before: str
    after: str
