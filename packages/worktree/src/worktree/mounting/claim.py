"""What an item owns in storage: objects and collections, by path."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

ObjectClaimTarget: TypeAlias = Literal["object"]
CollectionClaimTarget: TypeAlias = Literal["collection"]
ClaimTarget: TypeAlias = Literal["object", "collection"]


class ObjectClaim(BaseModel):
    """An item owns the object at `path`, relative to where it is mounted."""

    model_config = ConfigDict(frozen=True)

    target: ObjectClaimTarget = "object"
    path: Path


class CollectionClaim(BaseModel):
    """An item owns the collection at `path`, relative to where it is mounted."""

    model_config = ConfigDict(frozen=True)

    target: CollectionClaimTarget = "collection"
    path: Path


Claim: TypeAlias = ObjectClaim | CollectionClaim
