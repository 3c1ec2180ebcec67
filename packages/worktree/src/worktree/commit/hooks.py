"""Items that read and write through the published hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import LossyValueError
from ..lifecycle import commit_claims
from ..space import SpaceCollection, Stage

if TYPE_CHECKING:
    from .part import Part

_LAYOUT_HOOKS = (
    "ownership_claims",
    "initialize_collection",
    "validate_collection",
    "commit_collection",
)


@dataclass(frozen=True, slots=True)
class Hooked:
    """A field whose item has hooks of its own, and the folder that its claims are relative to."""

    holder: Any
    folder: str
    path: tuple[str, ...]

    @property
    def item(self) -> Any:
        """The item that is in the field now: one that was put in its place is as good."""
        item = self.holder.__dict__.get(self.path[-1])
        if getattr(type(item), "__worktree_role__", None) is None:
            raise LossyValueError(
                f"it holds {type(item).__name__}, which cannot be stored",
                path=".".join(self.path),
                hint="put in what the annotation says",
            )
        return item

    def collection(self, stage: Stage) -> SpaceCollection:
        """Where the hooks read and write, until the whole sync or commit is applied."""
        return SpaceCollection(stage, self.folder)


def has_own_hooks(layout: type[Any]) -> bool:
    """Whether a LayoutAnchor class does more than to be a folder."""
    from ..items import LayoutAnchor

    return any(getattr(layout, hook) is not getattr(LayoutAnchor, hook) for hook in _LAYOUT_HOOKS)


def staged_by_hooks(part: Part) -> Stage:
    """What the items' own hooks would write now."""
    stage = Stage(part.storage)
    for hooked in part.hooked:
        commit_claims(hooked.item, hooked.collection(stage))
    return stage
