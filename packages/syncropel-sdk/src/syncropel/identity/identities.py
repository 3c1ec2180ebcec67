"""Who emits: a DID, with or without a key that signs for it.

A signature is an unhashed top-level field of a record, in the profile `syncropel.sig/1`:
`{"profile", "alg": "Ed25519", "key": did:key, "sig": base64url}`, over the canonical JSON of
the seven hashed fields; a federated identity adds the `delegation` that lets its key speak.
Unsigned stays the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..errors import IdentityError
from .delegation import Delegation, encode_signature
from .did import did_of_key
from .ed25519 import SigningKey, load_key

SIGNATURE_PROFILE: Final = "syncropel.sig/1"


@dataclass(frozen=True)
class Identity:
    """The DID that emits. `Identity.static` leaves records unsigned."""

    actor_did: str

    @staticmethod
    def static(did: str) -> "Identity":
        """A DID by name alone; nothing is signed."""
        return Identity(_checked(did, "Identity.static"))

    @staticmethod
    def key(
        path_or_bytes: str | Path | bytes, *, did: str | None = None, password: bytes | None = None
    ) -> "KeyIdentity":
        """A DID with its Ed25519 private key (extra `sign`); every record is signed.

        The DID is the key's own `did:key` unless `did` names one (a `did:web`, say) whose
        document lists the key.

        Raises:
            MissingExtraError: `cryptography` is not installed.
            IdentityError: there is no such key.
        """
        signing_key = load_key(path_or_bytes, password=password)
        name = did_of_key(signing_key.public) if did is None else did
        return KeyIdentity(_checked(name, "Identity.key"), signing_key)

    @staticmethod
    def federated(
        delegation: Delegation | Mapping[str, Any],
        path_or_bytes: str | Path | bytes,
        *,
        password: bytes | None = None,
    ) -> "KeyIdentity":
        """An actor whose home delegated to the key at hand; the delegation travels along.

        Raises:
            IdentityError: the delegation is for another key, or does not follow its profile.
        """
        signing_key = load_key(path_or_bytes, password=password)
        if not isinstance(delegation, Delegation):
            delegation = Delegation.from_dict(delegation)
        own = did_of_key(signing_key.public)
        if delegation.key != own:
            raise IdentityError(f"the delegation is for {delegation.key}, the key is {own}")
        return KeyIdentity(delegation.subject, signing_key, delegation)

    def signature(self, content: bytes) -> dict[str, Any] | None:  # noqa: ARG002 (see KeyIdentity)
        """Return None: a static identity signs nothing."""
        return None


@dataclass(frozen=True)
class KeyIdentity(Identity):
    """An identity that signs; made by `Identity.key` and `Identity.federated`."""

    signing_key: SigningKey = field(repr=False, compare=False)
    delegation: Delegation | None = field(default=None, repr=False)

    def signature(self, content: bytes) -> dict[str, Any] | None:
        """Sign the canonical bytes of a record."""
        signed: dict[str, Any] = {
            "profile": SIGNATURE_PROFILE,
            "alg": "Ed25519",
            "key": did_of_key(self.signing_key.public),
            "sig": encode_signature(self.signing_key.sign(content)),
        }
        if self.delegation is not None:
            signed["delegation"] = self.delegation.to_dict()
        return signed


def _checked(did: object, where: str) -> str:
    if not isinstance(did, str):
        raise IdentityError(f"{where} requires a string DID, got {type(did).__name__}")
    if not did:
        raise IdentityError(f"{where} requires a non-empty DID")
    try:
        did.encode()
    except UnicodeEncodeError:
        raise IdentityError(f"{where}: {did!r} holds half of a surrogate pair") from None
    return did
