"""Delegations: a home says that a key may speak for an actor, for a time.

The profile is `syncropel.delegation/1`: a JSON object of the fields below, signed by the
issuer's key with Ed25519 over the canonical JSON of everything but `sig`.
"""

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ..canonical import canonical_bytes
from ..errors import CanonicalTypeError, CanonicalValueError, IdentityError
from .did import did_of_key, is_did, key_of_did
from .ed25519 import SigningKey, is_signature

PROFILE: Final = "syncropel.delegation/1"
_TEXTS: Final = ("issuer", "issuer_key", "subject", "key", "sig")
_TIMES: Final = ("not_before", "not_after")


@dataclass(frozen=True, slots=True)
class Delegation:
    """`issuer` (signing with `issuer_key`) lets `key` speak for `subject` between two seconds."""

    issuer: str
    issuer_key: str
    subject: str
    key: str
    not_before: int
    not_after: int
    sig: str

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """Read a delegation that came from somewhere else.

        Raises:
            IdentityError: it does not follow the profile.
        """
        if not isinstance(value, Mapping) or value.get("profile") != PROFILE:
            raise IdentityError(f"a delegation is an object of the profile {PROFILE!r}")
        if set(value) != {"profile", *_TEXTS, *_TIMES}:
            raise IdentityError("a delegation has exactly the fields of its profile")
        if not all(isinstance(value[name], str) for name in _TEXTS) or not all(
            type(value[name]) is int for name in _TIMES
        ):
            raise IdentityError("a delegation's times are integers, everything else is text")
        return cls(**{name: value[name] for name in (*_TEXTS, *_TIMES)})

    def to_dict(self) -> dict[str, Any]:
        """Return the object that travels with a signature."""
        return {
            "profile": PROFILE,
            **{name: getattr(self, name) for name in (*_TEXTS, *_TIMES)},
        }

    def fault(self, *, at: float) -> str:
        """Say what is wrong with the delegation itself, or nothing."""
        if not self.not_before <= at <= self.not_after:
            return (
                f"the delegation holds from {self.not_before} to {self.not_after}, not at {at:.0f}"
            )
        try:
            issuer_key = key_of_did(self.issuer_key)
            content = _signed_bytes(self.to_dict())
            signature = decode_signature(self.sig)
        except (IdentityError, CanonicalValueError, CanonicalTypeError) as error:
            return str(error)
        if not is_signature(issuer_key, signature, content):
            return "the delegation is not signed by its issuer's key"
        return ""


def delegate(
    issuer_key: SigningKey,
    *,
    subject: str,
    key: str,
    seconds: int = 86_400,
    issuer: str | None = None,
    not_before: int | None = None,
) -> Delegation:
    """Sign a delegation; `issuer` defaults to the `did:key` of the signing key."""
    own = did_of_key(issuer_key.public)
    start = int(time.time()) if not_before is None else not_before
    if not is_did(subject):
        raise IdentityError(f"{subject!r} is no DID to delegate for")
    key_of_did(key)
    unsigned = Delegation(issuer or own, own, subject, key, start, start + seconds, "")
    signature = encode_signature(issuer_key.sign(_signed_bytes(unsigned.to_dict())))
    return Delegation(unsigned.issuer, own, subject, key, start, start + seconds, signature)


def encode_signature(signature: bytes) -> str:
    """Write a signature as URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def decode_signature(text: str) -> bytes:
    """Read a signature; exactly 64 bytes in one spelling.

    Raises:
        IdentityError: anything else.
    """
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        decoded = b""
    if len(decoded) != 64 or encode_signature(decoded) != text:
        raise IdentityError("a signature is 64 bytes in URL-safe base64 without padding")
    return decoded


def _signed_bytes(delegation: dict[str, Any]) -> bytes:
    return canonical_bytes({name: value for name, value in delegation.items() if name != "sig"})
