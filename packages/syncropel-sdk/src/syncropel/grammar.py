"""The grammar of kinds: `scope.category.entity[.version]`.

Two segments are for the core primitives and for community names (`core.alias`,
`@music.track`); every other scope needs three. A last segment of `v` and digits is a version.
"""

import re
from functools import lru_cache
from typing import Final

from .errors import SyncropelKindError

_SEGMENT: Final = re.compile(r"[a-z0-9_-]+\Z", re.ASCII)
_VERSION: Final = re.compile(r"v[0-9]+\Z", re.ASCII)
_SCOPE: Final = re.compile(r"@?[a-z0-9_-]+\Z", re.ASCII)
_FORM: Final = "scope.category.entity[.version]"
_LETTERS: Final = "lowercase ASCII letters, digits, '_' and '-'"


def validate_kind(kind: str) -> None:
    """Return when `kind` follows the grammar.

    Raises:
        SyncropelKindError: it does not; the message says which rule and what would fit.
    """
    if not isinstance(kind, str):
        raise SyncropelKindError(
            f"body.kind must be a string, got {type(kind).__name__}", kind=kind
        )
    fault = _fault_of(kind)
    if fault:
        raise SyncropelKindError(f"{kind!r} is not a kind: {fault}", kind=kind)


def validate_scope(scope: str) -> None:
    """Return when `scope` can stand first in a kind (`core`, `music`, `@music`).

    Raises:
        SyncropelKindError: it cannot.
    """
    if not isinstance(scope, str):
        raise SyncropelKindError(f"scope must be a string, got {type(scope).__name__}", kind=scope)
    if not _SCOPE.match(scope):
        raise SyncropelKindError(
            f"{scope!r} is not a scope: it takes {_LETTERS}, with an optional leading '@'",
            kind=scope,
        )


def is_versioned(kind: str) -> bool:
    """Whether a valid kind ends in a version segment."""
    return bool(_VERSION.match(kind.rpartition(".")[2]))


@lru_cache(maxsize=4096)
def _fault_of(kind: str) -> str:
    """Say what is wrong with a kind, or nothing; programs use few kinds, many times."""
    segments = kind.split(".")
    if not 2 <= len(segments) <= 4:
        return f"it has {len(segments)} segment(s), the form is {_FORM}"
    scope, *rest = segments
    if not _SCOPE.match(scope):
        return f"the scope {scope!r} takes {_LETTERS}, with an optional leading '@'"
    for segment in rest:
        if not _SEGMENT.match(segment):
            return f"the segment {segment!r} takes {_LETTERS}"
    if len(segments) == 4 and not _VERSION.match(segments[3]):
        return f"the fourth segment {segments[3]!r} is a version, such as 'v2'"
    if len(segments) == 2 and scope != "core" and not scope.startswith("@"):
        return (
            "two segments are for 'core' and '@community' scopes; "
            f"a publisher's kind needs three, such as '{scope}.category.entity'"
        )
    return ""
