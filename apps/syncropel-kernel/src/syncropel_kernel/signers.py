"""Signatures on entry: what is signed has to be signed rightly.

A `did:key` answers for itself. For any other DID the host says which keys may sign
(`syncropel keys trust`); nothing is fetched. What cannot be decided is let in, unless
signatures are required.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from syncropel import verify_record
from syncropel.identity import did_of_key, key_of_did
from syncropel.kernel import Admission, Checked, Refusal

from .keys import Notes

_SHELF: Final = "signers"
_FRESH_S: Final = 1.0
Trusted = dict[str, frozenset[str]]


def trusted(notes: Notes) -> Trusted:
    """Return whose keys are trusted: DIDs, and the `did:key`s that may sign for them."""
    return {did: frozenset(keys) for did, keys in notes.all(_SHELF).items()}


def trust(notes: Notes, did: str, key: str) -> None:
    """Let a key sign for a DID.

    Raises:
        IdentityError: the key is no `did:key` of Ed25519.
    """
    known = did_of_key(key_of_did(key))
    notes.put(_SHELF, did, sorted({*trusted(notes).get(did, ()), known}))


def distrust(notes: Notes, did: str) -> bool:
    """Forget the keys of a DID; False where none was known."""
    return notes.drop(_SHELF, did)


def signature_rule(
    notes: Notes, *, required: bool, now: Callable[[], float] = time.time
) -> Admission:
    """Return the kernel's rule for signatures."""
    known = _Fresh(lambda: trusted(notes))

    def admit(checked: Checked) -> Refusal | None:
        if checked.fields.get("signature") is None:
            return _missing() if required else None
        found = verify_record(checked.fields, keys=known(), at=now())
        if found.status == "invalid":
            return Refusal(400, "SIGNATURE_INVALID", found.reason)
        if required and not found.valid:
            return Refusal(403, "SIGNATURE_UNRESOLVED", found.reason)
        return None

    return admit


def _missing() -> Refusal:
    return Refusal(403, "SIGNATURE_REQUIRED", "this server takes signed records alone")


class _Fresh:
    """A value that is read again when it is older than a second."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read
        self._read_at = float("-inf")
        self._value: Any = None

    def __call__(self) -> Any:
        if time.monotonic() - self._read_at > _FRESH_S:
            self._value, self._read_at = self._read(), time.monotonic()
        return self._value
