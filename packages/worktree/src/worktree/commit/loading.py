"""From storage to memory: decode everything first, then hand it over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..errors import ContentError
from ..storage.contract import Put, Stored, Token
from .cells import Base, Cell

if TYPE_CHECKING:
    from .session import Session


class Loading:
    """What one sync found: the new state of each cell, and what has to be written first."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._states: list[tuple[Cell, dict[str, Any], dict[str, Base]]] = []
        self._new: list[tuple[Cell, str, bytes]] = []
        self.puts: list[Put] = []

    def keys(self) -> Iterable[str]:
        """The keys that will be written, where nothing may be stored yet."""
        return [put.key for put in self.puts]

    def load(self, cell: Cell, stored: Mapping[str, Stored], *, folder_exists: bool) -> None:
        """Work out the new state of a cell, leaving memory as it is."""
        if stored or (cell.field.many and folder_exists) or self._is_gone(cell):
            self._take(cell, stored)
        else:
            self._initialise(cell)

    @staticmethod
    def _is_gone(cell: Cell) -> bool:
        """Whether an absent member means that there is none, and not that it is to be made."""
        return cell.is_loaded and bool(cell.field.many or cell.field.optional)

    def _take(self, cell: Cell, stored: Mapping[str, Stored]) -> None:
        artifacts: dict[str, Any] = {}
        bases: dict[str, Base] = {}
        with_same_token = {
            member: base
            for member, base in cell.bases.items()
            if member in stored and stored[member].token == base.token
        }
        current = cell.held()
        for member, found in stored.items():
            base = with_same_token.get(member)
            if base is not None and self._is_clean(cell, current.get(member), base):
                artifacts[member], bases[member] = current[member], base
                continue
            artifacts[member], bases[member] = self._read(cell, member, found)
        self._states.append((cell, artifacts, bases))

    def _read(self, cell: Cell, member: str, found: Stored) -> tuple[Any, Base]:
        session = self._session
        with cell.naming(member):
            try:
                return cell.read(found)
            except ContentError as error:
                if session.is_published and isinstance(error.__cause__, ValidationError):
                    raise _named(error.__cause__, cell, member, session) from error
                raise

    def _initialise(self, cell: Cell) -> None:
        if not cell.is_loaded:
            self._create(cell)
        cell.bases = {}
        artifacts = dict(cell.current())
        for member, artifact, data, _ in cell.changed():
            with cell.naming(member):
                cell.check_member(member)
                form = cell.stored_form(member, data)
                cell.codec.verify(artifact, form)
                self.puts.append(Put(cell.key(member), form))
                self._new.append((cell, member, data))
        self._states.append((cell, artifacts, {}))

    @staticmethod
    def _create(cell: Cell) -> None:
        value = cell.node.__dict__.get(cell.field.name)
        if value is None or (cell.field.many and not value):
            states = getattr(cell.node, "_initial_states", None) or {}
            cell.create(states.get(cell.field.name))

    def finish(self, tokens: Mapping[str, Token]) -> None:
        """Hand everything over to memory. Artifacts that are there keep their identity."""
        for cell, artifacts, bases in self._states:
            current = cell.held()
            for member, fresh in artifacts.items():
                mine = current.get(member)
                if mine is not None and mine is not fresh and type(mine) is type(fresh):
                    cell.codec.adopt(mine, fresh)
                    artifacts[member] = mine
                else:
                    cell.bind(member, fresh, self._session)
            cell.place(artifacts)
            cell.bases = bases
            cell.is_loaded = True
        for cell, member, data in self._new:
            cell.bases[member] = Base(data, tokens[cell.key(member)])

    @staticmethod
    def _is_clean(cell: Cell, artifact: Any, base: Base) -> bool:
        try:
            return type(artifact) is cell.field.type and cell.encode(artifact) == base.known
        except (ValueError, TypeError, AttributeError):
            return False


def _named(cause: ValidationError, cell: Cell, member: str, session: Session) -> ValidationError:
    """The published contract raises pydantic's own error; ours names the file in its title."""
    location = session.storage.locate(cell.key(member))
    lines: Any = [
        {
            "type": found["type"],
            "loc": found["loc"],
            "input": found["input"],
            "ctx": found.get("ctx", {}),
        }
        for found in cause.errors(include_url=False)
    ]
    title = f"{cell.field.type.__name__} at {cell.label(member)} ({location})"
    return ValidationError.from_exception_data(title, lines, input_type="json")
