"""When somebody else changed what a commit changes: merge it, or tell both sides apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Conflict, ConflictError, LossyValueError
from ..storage.contract import Contents, Stored
from .cells import Base, Cell, by_folder

if TYPE_CHECKING:
    from .gather import Gathered
    from .session import Session


@dataclass(slots=True)
class _Settled:
    """How one conflict ends: what memory will hold (None: nothing), and what it counts from."""

    cell: Cell
    member: str
    merged: Any
    base: Base | None


def settle(session: Session, gathered: Gathered, keys: Iterable[str], contents: Contents) -> None:
    """Bring memory to a merge of both sides; raise ConflictError where one cannot be merged.

    Memory changes only when every conflict is settled. Two sides that made the same of an
    artifact are in conflict, too: two increments by one are not one increment.
    """
    objects = by_folder(contents.objects)
    settled: list[_Settled] = []
    open_conflicts: list[Conflict] = []
    places = gathered.places()
    for key in keys:
        place = places.get(key)
        if place is None:
            open_conflicts.append(_of_a_hook(session, key))
            continue
        cell, member = place
        theirs = cell.stored(objects).get(member)
        outcome = _settle_one(session, cell, member, theirs)
        if isinstance(outcome, Conflict):
            open_conflicts.append(outcome)
        else:
            settled.append(outcome)
    if open_conflicts:
        raise ConflictError(open_conflicts)
    for outcome in settled:
        _adopt(session, outcome)


def _settle_one(
    session: Session, cell: Cell, member: str, theirs: Stored | None
) -> _Settled | Conflict:
    ours = cell.current().get(member)
    base = cell.bases.get(member)
    their_artifact, their_base = None, None
    if theirs is not None:
        with cell.naming(member):
            their_artifact, their_base = cell.read(theirs)
    if ours is None and theirs is None:
        return _Settled(cell, member, None, None)
    if cell.field.many != "list" and theirs is not None and ours is not None:
        merged = cell.codec.merge(cell.field.type, base.known if base else None, theirs.data, ours)
        if merged is not None:
            return _Settled(cell, member, merged, their_base)
    conflict = Conflict(
        path=cell.label(member),
        location=session.storage.locate(cell.key(member)),
        base=None if base is None else decoded(cell, base),
        theirs=their_artifact,
        ours=ours,
    )
    if session.merge is None or cell.field.many == "list":
        return conflict
    merged = session.merge(conflict)
    if merged is None:
        return conflict
    if not isinstance(merged, cell.field.type):
        with cell.naming(member):
            raise LossyValueError(
                f"the merge hook returned {type(merged).__name__}, not {cell.field.type.__name__}",
                hint="nothing was written; return an artifact, or None to refuse",
            )
    return _Settled(cell, member, merged, their_base)


def decoded(cell: Cell, base: Base) -> Any:
    """The artifact that a base stands for."""
    return cell.codec.decode(
        cell.field.type, cell.codec.render(base.upgraded or base.known, None, None)
    )


def _of_a_hook(session: Session, key: str) -> Conflict:
    """A conflict in what an item's own hooks write: nobody but the item can read it."""
    return Conflict(key, session.storage.locate(key), None, None, None)


def _adopt(session: Session, outcome: _Settled) -> None:
    cell, member, merged = outcome.cell, outcome.member, outcome.merged
    ours = cell.current().get(member)
    if ours is not None and merged is not None and merged is not ours:
        cell.codec.adopt(ours, merged)
    elif merged is not ours:
        members = {k: v for k, v in cell.current().items() if k != member}
        if merged is not None:
            members[member] = merged
        cell.place(members)
    session.rebase(cell, member, outcome.base)
