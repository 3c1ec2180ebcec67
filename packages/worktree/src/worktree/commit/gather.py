"""From memory to storage: everything that changed, encoded and checked before any write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..storage.contract import Change, Put, Remove, Token
from .cells import Base, Cell, Changed, wrong_class


class Written(NamedTuple):
    """What a commit writes of one cell, and under which keys."""

    cell: Cell
    changed: list[Changed]
    keys: list[str]


@dataclass(slots=True)
class Gathered:
    """What a commit would change, and what must still hold for it to be right."""

    changes: list[Change] = field(default_factory=list)
    expected: dict[str, Token | None] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    removed: list[tuple[Cell, str]] = field(default_factory=list)
    bystanders: list[tuple[Cell, str]] = field(default_factory=list)
    """Members that are not changed, but have to be as they were."""

    def places(self) -> dict[str, tuple[Cell, str]]:
        """The cell and member behind every key."""
        found = {cell.key(member): (cell, member) for cell, member in self.bystanders}
        found.update((cell.key(member), (cell, member)) for cell, member in self.removed)
        for cell, changed, keys in self.written:
            places = ((cell, member) for member, *_ in changed)
            found.update(zip(keys, places, strict=True))
        return found

    def canonical(self) -> dict[str, bytes]:
        """What will be written under every key, in canonical form."""
        return {
            key: data
            for _, changed, keys in self.written
            for key, (_, _, data, _) in zip(keys, changed, strict=True)
        }

    def finish(
        self, tokens: Mapping[str, Token], session: Any, missing: Collection[str] = ()
    ) -> None:
        """The commit happened: what memory holds is what it counts from now.

        Where it happened in part, only what has a token counts, or is not missing.
        """
        for cell, changed, keys in self.written:
            for (member, artifact, data, base), key in zip(changed, keys, strict=True):
                token = tokens.get(key)
                if token is None:
                    continue
                if base is None:
                    cell.bind(member, artifact, session)
                    cell.bases[member] = Base(data, token)
                else:
                    base.known, base.token, base.upgraded = data, token, None
        for cell, member in self.removed:
            if cell.key(member) not in missing:
                cell.bases.pop(member, None)


def gather(cells: list[Cell]) -> Gathered:
    """Compare memory with its bases. Raises LossyValueError for what would not come back."""
    gathered = Gathered()
    for cell in cells:
        changed = cell.changed()
        _gather_puts(gathered, cell, changed)
        removed = cell.removed()
        for member in removed:
            key = cell.key(member)
            gathered.changes.append(Remove(key))
            gathered.expected[key] = cell.bases[member].token
            gathered.removed.append((cell, member))
        if cell.field.many == "list" and (changed or removed):
            _expect_same_list(gathered, cell)
    return gathered


def _gather_puts(gathered: Gathered, cell: Cell, changed: list[Changed]) -> None:
    """The changed members of one cell. There can be very many, so they are taken as a whole."""
    if not changed:
        return
    codec = cell.codec
    members, artifacts, _, bases = zip(*changed, strict=True)
    forms = _stored_forms(cell, changed)
    _check(cell, changed, artifacts, forms)
    keys = cell.keys(members)
    if codec.appends:
        gathered.changes += [
            Put(key, form, codec.kept(base.known, form) if base else 0)
            for key, form, base in zip(keys, forms, bases, strict=True)
        ]
    else:
        gathered.changes += map(Put, keys, forms)
    tokens = [base.token if base else None for base in bases]
    gathered.expected.update(zip(keys, tokens, strict=True))
    gathered.written.append(Written(cell, changed, keys))


def _stored_forms(cell: Cell, changed: list[Changed]) -> list[bytes]:
    """What the files will hold."""
    if not cell.codec.renders and not any(base and base.unknown for _, _, _, base in changed):
        return [data for _, _, data, _ in changed]
    forms = []
    for member, _, data, _ in changed:
        with cell.naming(member):
            forms.append(cell.stored_form(member, data))
    return forms


def _check(
    cell: Cell,
    changed: list[Changed],
    artifacts: Sequence[Any],
    forms: list[bytes],
) -> None:
    """Raise for the first member that has a wrong name or class, or would not come back."""
    cls = cell.field.type
    for member, artifact, _, base in changed:
        if base is None or artifact.__class__ is not cls:
            with cell.naming(member):
                cell.check_member(member)
                if artifact.__class__ is not cls:
                    raise wrong_class(artifact, cls)
    for index in cell.codec.suspects(cls, artifacts, forms):
        with cell.naming(changed[index][0]):
            cell.codec.verify(artifacts[index], forms[index])


def _expect_same_list(gathered: Gathered, cell: Cell) -> None:
    """A list that grows or shrinks must be the list that was read: its items move together."""
    size = len(cell.current())
    if size == len(cell.bases):
        return
    for member, base in cell.bases.items():
        gathered.expected[cell.key(member)] = base.token
        gathered.bystanders.append((cell, member))
    after = f"{max(size, len(cell.bases)):06}"
    gathered.expected.setdefault(cell.key(after), None)
    gathered.bystanders.append((cell, after))
