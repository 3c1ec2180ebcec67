"""The bodies of the reserved kinds: pure functions from arguments to `(kind, body)`.

Everything here is checked before any network call; a mistake is the programmer's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from .errors import InvalidArgumentError
from .grammar import validate_kind, validate_scope

CORRECTION: Final = "core.correction"
ERASURE: Final = "core.erasure"
ALIAS: Final = "core.alias"
SCOPE_TRANSFER: Final = "core.scope_transfer"
SCOPE_CLAIM: Final = "core.scope_claim"
INTENT: Final = "core.intent"
OUTCOME: Final = "core.outcome"


def now_utc() -> str:
    """Return this moment in ISO 8601, in UTC, ending in `Z`."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def correction(
    *, corrects: Sequence[str], revised_fields: dict[str, Any], reason: str, actor: str
) -> dict[str, Any]:
    """Body of a record that supersedes values of earlier ones."""
    return {
        "corrects": _ids(corrects, "corrects"),
        "revised_fields": dict(revised_fields),
        "reason": reason,
        "correcting_actor": actor,
    }


def erasure(
    *, erases: Sequence[str], reason: str, authorized_by: str, effective_at: str | None
) -> dict[str, Any]:
    """Body of a record that marks earlier ones as erased."""
    return {
        "erases": _ids(erases, "erases"),
        "reason": reason,
        "authorized_by": authorized_by,
        "effective_at": effective_at or now_utc(),
    }


def alias(
    *, old_kind: str, new_kind: str, reason: str, since: str | None, publisher_did: str
) -> dict[str, Any]:
    """Body of a record that says one kind supersedes another.

    The old kind may predate the grammar; only the new one has to follow it.
    """
    validate_kind(new_kind)
    return {
        "old_kind": _present(old_kind, "old_kind"),
        "new_kind": new_kind,
        "reason": reason,
        "since": since or now_utc(),
        "publisher_did": publisher_did,
    }


def scope_transfer(
    *, scope: str, from_publisher: str, to_publisher: str, reason: str, effective_at: str | None
) -> dict[str, Any]:
    """Body of a record that hands a scope to another publisher."""
    validate_scope(scope)
    return {
        "scope": scope,
        "from_publisher": _present(from_publisher, "from_publisher"),
        "to_publisher": _present(to_publisher, "to_publisher"),
        "reason": reason,
        "effective_at": effective_at or now_utc(),
    }


def scope_claim(
    *, scope: str, governance_policy: object, claimant: str, effective_at: str | None
) -> dict[str, Any]:
    """Body of a record that claims a scope under a stated policy."""
    validate_scope(scope)
    if not isinstance(governance_policy, dict) or not governance_policy.get("type"):
        raise InvalidArgumentError(
            "governance_policy must be non-empty and name its `type`", field="governance_policy"
        )
    return {
        "scope": scope,
        "claimant": claimant,
        "governance_policy": dict(governance_policy),
        "effective_at": effective_at or now_utc(),
    }


def outcome(summary: str, fulfills: str | Sequence[str] | None) -> dict[str, Any]:
    """Body of a record that closes a thread."""
    if fulfills is None:
        return {"summary": summary}
    return {
        "summary": summary,
        "fulfills": fulfills if isinstance(fulfills, str) else list(fulfills),
    }


def _ids(ids: object, field: str) -> list[str]:
    if not isinstance(ids, Sequence) or isinstance(ids, str) or not ids:
        raise InvalidArgumentError(f"{field} must be non-empty: a list of record ids", field=field)
    return [_present(each, field) for each in ids]


def _present(value: object, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(f"{field} must be a non-empty string", field=field)
    return value
