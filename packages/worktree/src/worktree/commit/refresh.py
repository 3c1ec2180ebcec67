"""Take what others changed, and keep what was changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ContentError
from .cells import by_folder
from .conflicts import settle
from .differences import Status, status_of
from .gather import gather

if TYPE_CHECKING:
    from .cells import Cell
    from .session import Session


def refresh(session: Session, only: Any) -> Status:
    """Bring every artifact up to date that was not changed here.

    Where both sides changed one, it is merged as in a commit, or ConflictError is raised and
    memory stays as it was.
    """
    before = status_of(session, only)
    part = session.part(only)
    contents = session.read(part)
    objects = by_folder(contents.objects)
    gathered = gather(part.cells)
    changed_here = set(gathered.places())
    updates: list[tuple[Cell, str, Any]] = []
    conflicting: list[str] = []
    for cell in part.cells:
        stored = cell.stored(objects)
        for member in [*stored, *(m for m in cell.bases if m not in stored)]:
            found, base = stored.get(member), cell.bases.get(member)
            if (found and found.token) == (base and base.token):
                continue
            if cell.key(member) in changed_here:
                conflicting.append(cell.key(member))
            else:
                with cell.naming(member):
                    updates.append((cell, member, found and cell.read(found)))
    settle(session, gathered, conflicting, contents)
    for cell, member, update in updates:
        _take(session, cell, member, update)
    return before


def _take(session: Session, cell: Cell, member: str, update: Any) -> None:
    mine = cell.held()
    if update is None:
        if not (cell.field.many or cell.field.optional):
            with cell.naming(member):
                raise ContentError(
                    "it was removed from storage", hint="commit() or sync() writes it again"
                )
        mine.pop(member, None)
        session.rebase(cell, member, None)
    else:
        fresh, base = update
        artifact = mine.get(member)
        if artifact is not None and type(artifact) is type(fresh):
            cell.codec.adopt(artifact, fresh)
        else:
            cell.bind(member, fresh, session)
            mine[member] = fresh
        session.rebase(cell, member, base)
    cell.place(mine)
