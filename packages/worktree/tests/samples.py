"""Artifact classes made for one test."""

from __future__ import annotations

from typing import Any

from worktree.artifacts import PydanticArtifact


def model(base: type[PydanticArtifact], fields: dict[str, Any]) -> type[PydanticArtifact]:
    return type(base)(
        "Sample",
        (base,),
        {
            "__annotations__": {name: hint for name, (hint, _) in fields.items()},
            "__module__": __name__,
        },
    )
