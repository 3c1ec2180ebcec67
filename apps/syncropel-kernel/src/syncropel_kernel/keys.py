"""API keys: who a caller is, and what it may do. A store keeps their hashes alone.

A key is `syk_ID_SECRET`. The secret is 32 random bytes, so one SHA-256 of it is enough: there is
nothing to guess. Changes take effect within a second in every server on the store.
"""

import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from .errors import KeyArgumentError

SCOPES: Final = ("read", "write")
EVERYTHING: Final = "*"
_SHELF: Final = "api-keys"
_FRESH_S: Final = 1.0


class Notes(Protocol):
    """Where a store keeps small things of its host's."""

    def all(self, shelf: str) -> dict[str, Any]:
        """Return everything on a shelf, by name."""
        ...

    def put(self, shelf: str, name: str, note: Any) -> None:
        """Keep a value."""
        ...

    def drop(self, shelf: str, name: str) -> bool:
        """Forget a value; False where there was none."""
        ...


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key."""

    id: str
    did: str
    """The actor it speaks for, with everybody beneath it; `*` for any."""
    scopes: frozenset[str]
    namespaces: tuple[str, ...]
    """Beginnings of the kinds it may publish; `*` for all."""
    hash: str
    created_at: float

    def speaks_for(self, actor: str) -> bool:
        """Whether records of this actor may come with this key."""
        return self.did in (EVERYTHING, actor) or actor.startswith((f"{self.did}:", f"{self.did}#"))

    def may_publish(self, kind: object) -> bool:
        """Whether records of this kind, or without one, may come with this key."""
        if EVERYTHING in self.namespaces:
            return True
        return isinstance(kind, str) and any(
            kind == name or kind.startswith(f"{name}.") for name in self.namespaces
        )


def create(
    notes: Notes, did: str, *, scopes: Iterable[str], namespaces: Iterable[str]
) -> tuple[ApiKey, str]:
    """Make a key; the returned text is the only copy of its secret.

    Raises:
        KeyArgumentError: the DID, a scope or a namespace is none.
    """
    wanted = frozenset(scopes)
    if not wanted or wanted - set(SCOPES):
        raise KeyArgumentError(f"scopes are some of {', '.join(SCOPES)}, not {sorted(wanted)}")
    if did != EVERYTHING and not did.startswith("did:"):
        raise KeyArgumentError(f"{did!r} is no DID; use did:METHOD:NAME, or * for every actor")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey(
        key_id, did, wanted, tuple(namespaces) or (EVERYTHING,), _hash(secret), time.time()
    )
    notes.put(_SHELF, key_id, _note(key))
    return key, f"syk_{key_id}_{secret}"


def all_keys(notes: Notes) -> list[ApiKey]:
    """Return every key, the oldest first."""
    keys = [_key(name, note) for name, note in notes.all(_SHELF).items()]
    return sorted(keys, key=lambda key: (key.created_at, key.id))


def revoke(notes: Notes, key_id: str) -> bool:
    """Forget a key; False where there was none."""
    return notes.drop(_SHELF, key_id)


class KeyRing:
    """The keys as a server sees them; read again when they are older than a second."""

    def __init__(self, notes: Notes, read: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self._notes = notes
        self._read = read
        self._keys: dict[str, ApiKey] = {}
        self._read_at = float("-inf")

    async def find(self, presented: str) -> ApiKey | None:
        """Return the key that was presented, if it is one."""
        prefix, _, rest = presented.partition("_")
        key_id, _, secret = rest.partition("_")
        if prefix != "syk" or not secret:
            return None
        if time.monotonic() - self._read_at > _FRESH_S:
            keys = await self._read(lambda: all_keys(self._notes))
            self._keys = {key.id: key for key in keys}
            self._read_at = time.monotonic()
        key = self._keys.get(key_id)
        if key is None or not hmac.compare_digest(key.hash, _hash(secret)):
            return None
        return key


def _hash(secret: str) -> str:
    return sha256(secret.encode(errors="surrogateescape")).hexdigest()


def _note(key: ApiKey) -> dict[str, Any]:
    return {
        "did": key.did, "scopes": sorted(key.scopes), "namespaces": list(key.namespaces),
        "hash": key.hash, "created_at": key.created_at,
    }  # fmt: skip


def _key(key_id: str, note: dict[str, Any]) -> ApiKey:
    return ApiKey(
        key_id, note["did"], frozenset(note["scopes"]), tuple(note["namespaces"]), note["hash"],
        note["created_at"],
    )  # fmt: skip
