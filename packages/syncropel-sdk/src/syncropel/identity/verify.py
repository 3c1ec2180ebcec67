"""Is this record signed by the actor it names?

`verify_record` is pure: it decides with the keys it is given. `verify_online` fetches the
documents of `did:web` actors first. Neither says that what a record claims is true.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..canonical import canonical_bytes
from ..errors import CanonicalTypeError, CanonicalValueError, IdentityError, InvalidArgumentError
from ..records import hashed_fields
from .delegation import Delegation, decode_signature
from .did import key_of_did
from .ed25519 import is_signature
from .identities import SIGNATURE_PROFILE

Keys = Mapping[str, frozenset[str]]
"""Which keys (as `did:key`) may sign for which DID."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known about a record's signature.

    `unsigned` is no fault. `unresolved` means that nobody said which keys may sign for the
    actor. `invalid` means that the record is not what its signature was made for.
    """

    status: Literal["valid", "invalid", "unsigned", "unresolved"]
    reason: str = ""
    key: str = ""

    @property
    def valid(self) -> bool:
        """Whether the signature is there and holds."""
        return self.status == "valid"


class Resolver(Protocol):
    """Finds the keys of a DID."""

    async def keys(self, did: str) -> frozenset[str]:
        """Return the keys that may sign for `did`, as `did:key` texts."""
        ...


def verify_record(
    record: Mapping[str, Any], *, keys: Keys | None = None, at: float | None = None
) -> Verification:
    """Check a record's signature.

    Args:
        record: the seven fields and the `signature`.
        keys: keys of actors (and of delegating homes) that are not `did:key`s.
        at: the moment, in seconds, at which a delegation has to hold; now by default.

    Raises:
        MissingExtraError: the record is signed and `cryptography` is not installed.
    """
    signature = record.get("signature")
    if signature is None:
        return Verification("unsigned")
    fault = _fault_of_form(signature)
    if fault:
        return Verification("invalid", fault)
    key = signature["key"]
    try:
        content = canonical_bytes(hashed_fields(record))
        signed = is_signature(key_of_did(key), decode_signature(signature["sig"]), content)
    except (IdentityError, CanonicalValueError, CanonicalTypeError, InvalidArgumentError) as error:
        return Verification("invalid", str(error), key)
    if not signed:
        return Verification("invalid", "the signature is not of this record", key)
    return _may_speak(
        str(record["actor"]), signature, keys or {}, time.time() if at is None else at
    )


async def verify_online(
    record: Mapping[str, Any], resolver: Resolver, *, at: float | None = None
) -> Verification:
    """Check a record's signature, resolving the DID that answers for it."""
    first = verify_record(record, at=at)
    if first.status != "unresolved":
        return first
    signature = record["signature"]
    delegation = signature.get("delegation")
    did = delegation["issuer"] if delegation else record["actor"]
    try:
        keys = {did: await resolver.keys(did)}
    except IdentityError as error:
        return Verification("unresolved", str(error), signature["key"])
    return verify_record(record, keys=keys, at=at)


def _fault_of_form(signature: object) -> str:
    if not isinstance(signature, Mapping):
        return "the signature is no object"
    if signature.get("profile") != SIGNATURE_PROFILE or signature.get("alg") != "Ed25519":
        return f"the signature is not of the profile {SIGNATURE_PROFILE!r} with Ed25519"
    if not all(isinstance(signature.get(name), str) for name in ("key", "sig")):
        return "the signature lacks its key or its value"
    return ""


def _may_speak(actor: str, signature: Mapping[str, Any], keys: Keys, at: float) -> Verification:
    """Whether the key that signed is one that may sign for the actor."""
    key: str = signature["key"]
    if signature.get("delegation") is not None:
        return _may_speak_by_delegation(actor, key, signature["delegation"], keys, at)
    return _owns(actor, key, keys, key)


def _may_speak_by_delegation(
    actor: str, key: str, value: object, keys: Keys, at: float
) -> Verification:
    try:
        delegation = Delegation.from_dict(value)
    except IdentityError as error:
        return Verification("invalid", str(error), key)
    if (delegation.subject, delegation.key) != (actor, key):
        return Verification("invalid", "the delegation is for another actor or another key", key)
    if fault := delegation.fault(at=at):
        return Verification("invalid", fault, key)
    if not _is_home(delegation.issuer, actor) and delegation.issuer not in keys:
        return Verification(
            "unresolved", f"{delegation.issuer} is not known to answer for {actor}", key
        )
    return _owns(delegation.issuer, delegation.issuer_key, keys, key)


def _is_home(issuer: str, actor: str) -> bool:
    """Whether a DID answers for another by its name alone: itself, or its own sub-path."""
    if issuer == actor:
        return True
    return issuer.startswith("did:web:") and actor.startswith(f"{issuer}:")


def _owns(did: str, owned: str, keys: Keys, key: str) -> Verification:
    if did.startswith("did:key:"):
        if did == owned:
            return Verification("valid", key=key)
        return Verification("invalid", f"{did} did not sign this", key)
    if did not in keys:
        return Verification("unresolved", f"the keys of {did} are not known", key)
    if owned in keys[did]:
        return Verification("valid", key=key)
    return Verification("invalid", f"{did} does not list the key that signed", key)
