"""The published life cycle of one item, and where a session takes it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import MissingObjectError
from .mounting.accessible import AgnosticCollection

if TYPE_CHECKING:
    from .items import BaseWorktreeItem


def sync_item(item: Any) -> None:
    """Sync a tree, or a part of one, through the session that it belongs to."""
    _session_of(item).sync(item)


def commit_item(item: Any) -> None:
    """Commit a tree, or a part of one, through the session that it belongs to."""
    _session_of(item).commit(item)


def _session_of(item: Any) -> Any:
    from .commit.session import Session

    session = getattr(item, "_session", None)
    return session if session is not None else Session.around(item)


def sync_claims(item: BaseWorktreeItem, at: AgnosticCollection) -> None:
    """Run an item's hooks: initialise and write what is missing, take what is there."""
    for claim in item.ownership_claims():
        path = str(claim.path)
        if claim.target == "object":
            obj = at.find_object(path)
            if obj is None:
                obj = at.touch(path)
                item.initialize_object(claim.path, obj)
                item.commit_object(claim.path, obj)
            else:
                item.validate_object(claim.path, obj)
        else:
            collection = at.find_collection(path)
            if collection is None:
                collection = at.mkdir(path)
                item.initialize_collection(claim.path, collection)
                item.commit_collection(claim.path, collection)
            else:
                item.validate_collection(claim.path, collection)


def commit_claims(item: BaseWorktreeItem, at: AgnosticCollection) -> None:
    """Run an item's hooks: write each claim."""
    for claim in item.ownership_claims():
        path = str(claim.path)
        found: Any
        if claim.target == "object":
            found = at.find_object(path)
            if found is not None:
                item.commit_object(claim.path, found)
        else:
            found = at.find_collection(path)
            if found is not None:
                item.commit_collection(claim.path, found)
        if found is None:
            raise MissingObjectError(
                f"{path!r} is gone from storage",
                path=item.item_name,
                hint="sync() makes it again",
            )
