"""What differs between memory, storage and the version that both started from.

As objects, for programs, and as text, for people: `print(worktree.status(tree))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..storage.contract import MakeFolder, Put, Remove
from .cells import Cell, as_text, by_folder
from .gather import gather

if TYPE_CHECKING:
    from .session import Session

Action: TypeAlias = Literal["create", "update", "append", "remove", "make folder"]
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs. `before` or `after` is None where `kind` says it was absent."""

    path: str
    kind: Literal["added", "changed", "removed"]
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.kind == "added":
            return f"+ {self.path}: {as_text(self.after)}"
        if self.kind == "removed":
            return f"- {self.path}: {as_text(self.before)}"
        return f"~ {self.path}: {as_text(self.before)} → {as_text(self.after)}"


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """One artifact that differs, with the fields that do."""

    path: str
    location: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    size: int = 0

    def __str__(self) -> str:
        head = f"{self.action} {self.path} ({self.location})"
        return "\n".join([head, *(f"  {field}" for field in self.fields)])


@dataclass(frozen=True, slots=True)
class Plan:
    """What a commit would do."""

    changes: tuple[ArtifactChange, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "nothing to commit"


@dataclass(frozen=True, slots=True)
class Status:
    """What changed here, and what changed in storage; `conflicts` are the paths in both."""

    ours: tuple[ArtifactChange, ...]
    theirs: tuple[ArtifactChange, ...]

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The artifacts that both sides changed."""
        theirs = {change.path for change in self.theirs}
        return tuple(change.path for change in self.ours if change.path in theirs)

    def __bool__(self) -> bool:
        return bool(self.ours or self.theirs)

    def __str__(self) -> str:
        parts = []
        if self.ours:
            parts.append("changed here:\n" + _indented(self.ours))
        if self.theirs:
            parts.append("changed in storage:\n" + _indented(self.theirs))
        if self.conflicts:
            parts.append("in conflict: " + ", ".join(self.conflicts))
        return "\n".join(parts) or "in step with storage"


def _indented(changes: tuple[ArtifactChange, ...]) -> str:
    lines = "\n".join(map(str, changes)).splitlines()
    return "\n".join(f"  {line}" for line in lines)


def plan_of(session: Session, only: Any) -> Plan:
    """What a commit would write now."""
    from .hooks import staged_by_hooks

    part = session.part(only)
    part.refuse_replaced()
    gathered = gather(part.cells)
    changes = []
    places = gathered.places()
    written = gathered.canonical()
    for change in gathered.changes:
        cell, member = places[change.key]
        base = cell.bases.get(member)
        after = written.get(change.key)
        found = _artifact_change(session, cell, member, base.known if base else None, after)
        is_append = isinstance(change, Put) and change.keep
        changes.append(_as_append(found) if is_append else found)
    for change in staged_by_hooks(part).changes():
        action: Action = "update"
        if isinstance(change, MakeFolder):
            action = "make folder"
        elif isinstance(change, Remove):
            action = "remove"
        changes.append(ArtifactChange(change.key, session.storage.locate(change.key), action))
    return Plan(tuple(changes))


def _as_append(change: ArtifactChange) -> ArtifactChange:
    return ArtifactChange(change.path, change.location, "append", change.fields, change.size)


def status_of(session: Session, only: Any) -> Status:
    """Compare memory and storage with their bases."""
    part = session.part(only)
    objects = by_folder(session.read(part).objects)
    theirs: list[ArtifactChange] = []
    for cell in part.cells:
        stored = cell.stored(objects)
        for member in [*stored, *(m for m in cell.bases if m not in stored)]:
            found, base = stored.get(member), cell.bases.get(member)
            if (found and found.token) == (base and base.token):
                continue
            after = None
            if found is not None:
                with cell.naming(member):
                    after = cell.read(found)[1].known
            theirs.append(
                _artifact_change(session, cell, member, base.known if base else None, after)
            )
    return Status(plan_of(session, only).changes, tuple(theirs))


def _artifact_change(
    session: Session, cell: Cell, member: str, before: bytes | None, after: bytes | None
) -> ArtifactChange:
    action: Action = "update"
    if before is None:
        action = "create"
    elif after is None:
        action = "remove"
    old = _ABSENT if before is None else cell.plain(before)
    new = _ABSENT if after is None else cell.plain(after)
    return ArtifactChange(
        path=cell.label(member),
        location=session.storage.locate(cell.key(member)),
        action=action,
        fields=tuple(compare(old, new)),
        size=len(after or b""),
    )


def compare(before: Any, after: Any, path: str = "") -> list[FieldChange]:
    """The values that differ between two JSON-like values, each with its path."""
    if before is after or (type(before) is type(after) and before == after):
        return []
    if isinstance(before, dict | list) and isinstance(after, type(before)):
        return _compare_inside(before, after, path)
    if before is _ABSENT and isinstance(after, dict) and not path:
        return _compare_inside({}, after, path)
    if after is _ABSENT and isinstance(before, dict) and not path:
        return _compare_inside(before, {}, path)
    kind: Literal["added", "changed", "removed"] = "changed"
    if before is _ABSENT:
        kind = "added"
    elif after is _ABSENT:
        kind = "removed"
    return [
        FieldChange(
            path or "content",
            kind,
            None if before is _ABSENT else before,
            None if after is _ABSENT else after,
        )
    ]


def _compare_inside(before: Any, after: Any, path: str) -> list[FieldChange]:
    is_list = isinstance(before, list)
    old = dict(enumerate(before)) if is_list else before
    new = dict(enumerate(after)) if is_list else after
    changes: list[FieldChange] = []
    for key in [*old, *(key for key in new if key not in old)]:
        if is_list:
            inner = f"{path}[{key}]"
        else:
            inner = f"{path}.{key}" if path else str(key)
        changes += compare(old.get(key, _ABSENT), new.get(key, _ABSENT), inner)
    return changes
