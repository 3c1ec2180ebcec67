"""Commands, queries and events of a repository: a section of its code map, and what patches break.

What a repository says of itself (its `swop.yaml`) is not read: it may be a stranger's. All of its
tree is looked at, none of it is run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

MESSAGES = ("command", "query", "event")


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a message."""

    type: str
    required: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What others rely on: a command, a query or an event, with its fields."""

    kind: str
    fields: Mapping[str, Member]


class ContractReader(Protocol):
    """Something that finds the contracts of a tree without running it."""

    def messages(self, root: Path) -> Mapping[str, Message]:
        """Return the declared messages, by context and name."""


# ── the metric ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ContractDrift:
    """A metric: how many promises a patch breaks that others rely on."""

    reader: ContractReader
    name: str = "contract_drift"

    def measure(self, before: Path, after: Path) -> float:
        """Count the breaking differences between two trees."""
        old, new = self.reader.messages(before), self.reader.messages(after)
        return float(sum(1 for _ in breaks(old, new)))


def breaks(old: Mapping[str, Message], new: Mapping[str, Message]) -> Iterator[str]:
    """Yield each way in which `new` breaks who relies on `old`, as a line for people."""
    for name, before in sorted(old.items()):
        after = new.get(name)
        if after is None:
            yield f"{name}: is gone"
        elif after.kind != before.kind:
            yield f"{name}: was a {before.kind} and is a {after.kind}"
        else:
            yield from _changed(name, before, after)


def _changed(name: str, before: Message, after: Message) -> Iterator[str]:
    for field, was in sorted(before.fields.items()):
        now = after.fields.get(field)
        if now is None:
            yield f"{name}.{field}: is gone"
        elif now.type != was.type:
            yield f"{name}.{field}: was {was.type or 'untyped'} and is {now.type or 'untyped'}"
        elif _refuses_what_was_taken(before.kind, was, now):
            yield f"{name}.{field}: takes less than before"
        elif before.kind == "event" and now.nullable and not was.nullable:
            yield f"{name}.{field}: may now be null"
    for field, now in sorted(after.fields.items()):
        if field not in before.fields and now.required and before.kind != "event":
            yield f"{name}.{field}: is new and required"


def _refuses_what_was_taken(kind: str, was: Member, now: Member) -> bool:
    """Senders of commands and queries may leave out, or null, only what they could before."""
    if kind == "event":
        return False
    return (now.required and not was.required) or (was.nullable and not now.nullable)


# ── by swop ───────────────────────────────────────────────────────────────────────────────────


class SwopContracts:
    """Reads contracts with swop."""

    def messages(self, root: Path) -> Mapping[str, Message]:
        """Return what is declared; what only looks like a message by its name is no promise."""
        return {
            f"{found.context}.{found.name}": Message(
                found.kind,
                {f.alias or f.name: Member(f.type, f.required, f.nullable) for f in found.fields},
            )
            for found in _scan(root)
            if found.kind in MESSAGES and found.via != "heuristic"
        }


@dataclass(frozen=True, slots=True)
class ContractMap:
    """An enricher: the artifacts that swop finds, as the section `contracts` of a code map."""

    version: str
    name: str = "contracts"

    def enrich(self, root: Path, paths: Sequence[str]) -> Mapping[str, Any]:
        """List commands, queries, events and handlers, and who handles what."""
        if not any(path.endswith(".py") for path in paths):
            return {"artifacts": []}
        return {
            "artifacts": [
                {
                    "kind": found.kind,
                    "name": found.name,
                    "context": found.context,
                    "path": _inside(found.source_file, root),
                    "line": found.source_line,
                    "via": found.via,
                    "fields": [field.to_dict() for field in found.fields],
                    "handles": found.handles,
                    "emits": sorted(found.emits),
                }
                for found in sorted(_scan(root), key=lambda d: (d.kind, d.context, d.qualname))
            ]
        }


def _scan(root: Path) -> Sequence[Any]:
    from swop import SwopConfig, scan_project

    config = SwopConfig(project="repository", config_path=root.absolute() / "swop.yaml")
    return scan_project(config, incremental=False).detections


def _inside(path: str, root: Path) -> str:
    found = Path(path)
    return found.relative_to(root.absolute()).as_posix() if found.is_absolute() else path
