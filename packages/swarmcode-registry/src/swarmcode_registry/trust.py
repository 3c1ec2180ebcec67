"""Whom to trust, for which agents: the answer that verification needs and never guesses.

A trust file is JSON that people review and commit:

    {"schema": "swarmcode-trust/1",
     "signers": [{"address": "0x…", "agents": ["alice/*"], "note": "Alice's release key"},
                 {"public_key": "-----BEGIN PUBLIC KEY-----…", "agents": ["*"], "note": ""}]}

An entry holds an Ethereum address or a public key, and the agents that it may sign: names, or
beginnings of names that end in `*`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .canonical import read_json
from .errors import BadReferenceError, IdentityRequiredError, ManifestError, RegistryError
from .files import explained, locked, write_atomically
from .names import AGENT

SCHEMA: Literal["swarmcode-trust/1"] = "swarmcode-trust/1"
Pattern = Annotated[str, Field(pattern=rf"^(\*|{AGENT}(/\*|\*)?)$")]


class TrustedSigner(BaseModel):
    """One signer: an address or a public key, and the agents that it may sign."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    address: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")] | None = None
    public_key: str | None = None
    agents: Annotated[tuple[Pattern, ...], Field(min_length=1, strict=False)] = ("*",)
    note: str = ""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.address is None) == (self.public_key is None):
            raise ValueError("an entry holds an address or a public_key, one of both")
        return self

    def may_sign(self, name: str) -> bool:
        """Say whether this signer is trusted for an agent."""
        return any(_matches(pattern, name) for pattern in self.agents)


class _TrustDocument(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    schema_: Annotated[Literal["swarmcode-trust/1"], Field(alias="schema")] = SCHEMA
    signers: tuple[TrustedSigner, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """The signers that are expected."""

    signers: tuple[TrustedSigner, ...]

    @classmethod
    def of(cls, identity: str, *, agents: Sequence[str] = ("*",)) -> "Trust":
        """Expect one signer: an address, or a public key as PEM text or in a file."""
        return cls((trusted_signer(identity, agents=agents),))

    @classmethod
    def load(cls, path: Path) -> "Trust":
        """Read a trust file, or raise `IdentityRequiredError` where there is none."""
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise IdentityRequiredError(
                f"there is no trust file {path}: add a signer to it, or name the expected one"
            ) from error
        try:
            read_json(data)  # refuses what has two readings; pydantic would take the last
            return cls(_TrustDocument.model_validate_json(data).signers)
        except (ManifestError, ValidationError) as error:
            reason = str(error).splitlines()
            raise RegistryError(f"{path} is not a trust file: {' '.join(reason[:3])}") from error

    def adding(self, signer: TrustedSigner) -> "Trust":
        """Return the same with one signer more; its earlier entry is replaced."""
        kept = tuple(s for s in self.signers if _who(s) != _who(signer))
        return replace(self, signers=(*kept, signer))

    def for_agent(self, name: str) -> tuple[TrustedSigner, ...]:
        """Return who may sign an agent; nobody is an error, never everybody."""
        found = tuple(signer for signer in self.signers if signer.may_sign(name))
        if not found:
            raise IdentityRequiredError(f"nobody is trusted to sign {name}: add a signer for it")
        return found

    def save(self, path: Path) -> None:
        """Write the trust file."""
        document = _TrustDocument(signers=self.signers).model_dump(by_alias=True, exclude_none=True)
        write_atomically(path, json.dumps(document, indent=2).encode() + b"\n")


@explained()
def trust_add(
    path: Path, identity: str, *, agents: Sequence[str] = ("*",), note: str = ""
) -> Trust:
    """Add a signer to a trust file, which is made where it is missing."""
    signer = trusted_signer(identity, agents=agents, note=note)
    with locked(path.with_name(f".{path.name}.lock")):
        known = Trust.load(path) if path.exists() else Trust(())
        trust = known.adding(signer)
        trust.save(path)
    return trust


def trusted_signer(
    identity: str, *, agents: Sequence[str] = ("*",), note: str = ""
) -> TrustedSigner:
    """Make an entry from what people type: an address, PEM text, or the path of a PEM file."""
    from .signing import checksummed, fingerprint

    try:
        if identity.startswith("0x"):
            address = checksummed(identity)
            return TrustedSigner(address=address, agents=tuple(agents), note=note)
        pem = _pem(identity)
        fingerprint(pem.encode())
        return TrustedSigner(public_key=pem, agents=tuple(agents), note=note)
    except ValidationError as error:
        raise BadReferenceError(
            ", ".join(agents), "does not name agents: alice/*, my-agent, *"
        ) from error


def _pem(identity: str) -> str:
    if identity.startswith("-----BEGIN"):
        return identity
    try:
        return Path(identity).read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise BadReferenceError(
            identity, "is neither an address (0x…) nor the path of a PEM public key"
        ) from error


def _who(signer: TrustedSigner) -> str:
    return signer.address.lower() if signer.address else re.sub(r"\s", "", signer.public_key or "")


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
