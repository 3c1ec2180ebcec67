"""How the parts of a tree come into being, before any of them has been read or written."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from .errors import (
    InitialStateError,
    MissingInitialStateError,
    UnknownInitialStateError,
    WorktreeError,
)
from .layout import Field, layout_of
from .mounting.accessible import AgnosticCollection
from .problems import one_line
from .space import Direct, SpaceCollection
from .storage.published import CollectionStorage

States = Mapping[str, Any] | None


class MountedCollection(SpaceCollection):
    """A collection whose artifacts are constructed from what is stored, not ahead of it."""

    def _collection(self, key: str) -> MountedCollection:
        return MountedCollection(self._space, key)


def space_of(collection: AgnosticCollection) -> SpaceCollection:
    """A collection as one of ours, whoever's driver it comes from."""
    if isinstance(collection, SpaceCollection):
        return collection
    return SpaceCollection(Direct(CollectionStorage(collection)), "")


def child_collection(above: AgnosticCollection, name: str) -> SpaceCollection:
    """The collection `name` in another one; it need not exist yet."""
    return space_of(above).below(name)


def construct_children(node: Any, at: AgnosticCollection, states: States) -> None:
    """Construct what the fields of a node declare, and set them on it.

    Raises MissingInitialStateError with the dotted path of the first value that is missing.
    """
    fields = layout_of(type(node))
    refuse_unknown(type(node).__name__, states, [field.name for field in fields])
    for field in fields:
        if field.many:
            node.__dict__[field.name] = {} if field.many == "dict" else []
        elif field.optional:
            node.__dict__[field.name] = None
        if isinstance(at, MountedCollection) and field.coded:
            continue
        given = (states or {}).get(field.name)
        if field.many or (field.optional and given is None):
            fill(node, field, at, given)
        else:
            node.__dict__[field.name] = construct(field, at, given)


def fill(node: Any, field: Field, at: AgnosticCollection, given: Any) -> None:
    """Construct the members of a dict or list field from its initial states, if it has any."""
    if given is None:
        return
    if field.many == "dict" and isinstance(given, Mapping):
        made: Any = {name: construct(field, at, state, name) for name, state in given.items()}
    elif field.many == "list" and isinstance(given, list | tuple):
        made = [construct(field, at, state, str(i)) for i, state in enumerate(given)]
    else:
        raise InitialStateError(
            f"its initial state is a {field.many}, not {type(given).__name__}", path=field.name
        )
    node.__dict__[field.name] = made


def construct(field: Field, at: AgnosticCollection, given: Any, member: str = "") -> Any:
    """Construct one part of a tree; errors name the part, as the published contract says."""
    name = f"{field.name}.{member}" if member else field.name
    try:
        if field.role == "tree":
            return field.type(child_collection(at, field.name), given)
        if field.coded:
            name_here = member or field.name
            return field.type(item_name=name_here, mounted_at=at, initial_states=given)
        return field.type(field.name, at, initial_states=given)
    except MissingInitialStateError as error:
        raise error.inside(name) from error.__cause__
    except WorktreeError as error:
        error.path = f"{name}.{error.path}" if error.path else name
        raise
    except ValidationError as error:
        raise _failed(name, one_line(error)) from error
    except Exception as error:  # The published contract wraps whatever a constructor raises.
        raise _failed(name, " ".join(str(error).split())) from error


def _failed(name: str, reason: str) -> MissingInitialStateError:
    return MissingInitialStateError(
        name, f"Instantiation failed: {reason}", hint="correct its initial state"
    )


def refuse_unknown(owner: str, states: Any, known: list[str]) -> None:
    """Refuse initial states for what does not exist; they are misspelt more often than not."""
    if states is None:
        return
    if not isinstance(states, Mapping):
        raise InitialStateError(
            f"the initial states of {owner} are a mapping, not {type(states).__name__}"
        )
    for key in states:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            raise UnknownInitialStateError(
                f"{owner} has no field {key!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}",
            )
