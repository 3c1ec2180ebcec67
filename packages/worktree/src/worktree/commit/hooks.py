"""Items that read and write through the published hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..lifecycle import commit_claims
from ..space import SpaceCollection, Stage
from ..storage.contract import Change

if TYPE_CHECKING:
    from .session import Part, Session

_LAYOUT_HOOKS = (
    "ownership_claims",
    "initialize_collection",
    "validate_collection",
    "commit_collection",
)


@dataclass(frozen=True, slots=True)
class Hooked:
    """An item with hooks of its own, and the folder that its claims are relative to."""

    item: Any
    folder: str
    path: tuple[str, ...]

    def collection(self, stage: Stage) -> SpaceCollection:
        """Where the hooks read and write, until the whole sync or commit is applied."""
        return SpaceCollection(stage, self.folder)


def has_own_hooks(layout: type[Any]) -> bool:
    """Whether a LayoutAnchor class does more than to be a folder."""
    from ..items import LayoutAnchor

    return any(getattr(layout, hook) is not getattr(LayoutAnchor, hook) for hook in _LAYOUT_HOOKS)


def staged_by_hooks(session: Session, part: Part) -> list[Change]:
    """What the items' own hooks would write now."""
    stage = Stage(session.storage)
    for hooked in part.hooked:
        commit_claims(hooked.item, hooked.collection(stage))
    return stage.changes()
