"""What a step made, for people and for programs."""

from collections.abc import Sequence
from typing import Any

from ..pipeline import Performed


def as_document(performed: Performed) -> dict[str, Any]:
    """Return `{"step", "run", "reused", "summary", "artifact": {…}}`."""
    return {
        "step": performed.step,
        "run": performed.key,
        "reused": performed.reused,
        "summary": performed.summary,
        "artifact": performed.artifact.model_dump(mode="json"),
    }


def as_text(performed: Performed) -> str:
    """Return two lines: what was made, and where it is."""
    path = getattr(performed.artifact, "path", "")
    return f"{performed.step:8} {performed.summary}\n         {path}"


def remarks(performed: Performed) -> Sequence[str]:
    """What a person should know beside the result."""
    return tuple(getattr(performed.result, "notes", ()))
