"""From memory to storage: everything that changed, encoded and checked before any write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import LossyValueError, WorktreeError
from ..storage.contract import Change, Put, Remove, Storage, Token
from .cells import Base, Cell


@dataclass(slots=True)
class Gathered:
    """What a commit would change, and what must still hold for it to be right."""

    changes: list[Change] = field(default_factory=list)
    expected: dict[str, Token | None] = field(default_factory=dict)
    written: list[tuple[Cell, str, Any, bytes, str]] = field(default_factory=list)
    removed: list[tuple[Cell, str]] = field(default_factory=list)
    places: dict[str, tuple[Cell, str]] = field(default_factory=dict)

    def finish(self, tokens: Mapping[str, Token], session: Any) -> None:
        """The commit happened: what memory holds is what it counts from now."""
        for cell, member, artifact, data, key in self.written:
            base = cell.bases.get(member)
            if base is None:
                cell.bind(member, artifact, session)
                cell.bases[member] = Base(data, tokens[key])
            else:
                base.known, base.token, base.upgraded = data, tokens[key], None
        for cell, member in self.removed:
            cell.bases.pop(member, None)


def gather(cells: list[Cell], storage: Storage) -> Gathered:
    """Compare memory with its bases. Raises LossyValueError for what would not come back."""
    gathered = Gathered()
    for cell in cells:
        changed = cell.changed()
        for member, artifact, data in changed:
            _gather_put(gathered, cell, member, artifact, data, storage)
        removed = cell.removed()
        for member in removed:
            key = cell.key(member)
            gathered.changes.append(Remove(key))
            gathered.expected[key] = cell.bases[member].token
            gathered.removed.append((cell, member))
            gathered.places[key] = (cell, member)
        if cell.field.many == "list" and (changed or removed):
            _expect_same_list(gathered, cell)
    return gathered


def _gather_put(
    gathered: Gathered, cell: Cell, member: str, artifact: Any, data: bytes, storage: Storage
) -> None:
    base = cell.bases.get(member)
    try:
        if type(artifact) is not cell.field.type:
            raise LossyValueError(
                f"it holds {type(artifact).__name__}, but the tree says {cell.field.type.__name__}"
            )
        if base is None:
            cell.check_member(member)
        form = cell.stored_form(member, data)
        cell.codec.verify(artifact, form)
    except WorktreeError:
        with cell.naming(member, storage):
            raise
    key = cell.key(member)
    keep = cell.codec.kept(base.known, form) if base is not None else 0
    gathered.changes.append(Put(key, form, keep))
    gathered.expected[key] = base.token if base is not None else None
    gathered.written.append((cell, member, artifact, data, key))
    gathered.places[key] = (cell, member)


def _expect_same_list(gathered: Gathered, cell: Cell) -> None:
    """A list that grows or shrinks must be the list that was read: its items move together."""
    size = len(cell.current())
    if size == len(cell.bases):
        return
    for member, base in cell.bases.items():
        key = cell.key(member)
        gathered.expected[key] = base.token
        gathered.places[key] = (cell, member)
    after = f"{max(size, len(cell.bases)):06}"
    gathered.expected.setdefault(cell.key(after), None)
    gathered.places.setdefault(cell.key(after), (cell, after))
