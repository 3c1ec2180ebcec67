"""Signatures that recover to an Ethereum address: EIP-191, and EIP-712 as an option.

EIP-191 signs the canonical bytes as a personal message. EIP-712 signs a typed structure that a
wallet can show: name, version, the files' digest and the digest of the canonical bytes, under a
domain that names this registry and a chain.

Secp256k1 allows a second signature to be derived from any first one, without the key. Only one
form is accepted here: r and s in range, s in the lower half, v 27 or 28, lower-case hex.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from .._extras import extra
from ..canonical import sorted_keys
from ..errors import BadSignatureError, RegistryError
from ..manifest import AgentManifest, Signing
from .keys import SigningKey

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
DOMAIN = {"name": "swarmcode-registry", "version": "1"}
TYPES = {
    "Agent": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "files", "type": "bytes32"},
        {"name": "manifest", "type": "bytes32"},
    ]
}


def sign(manifest: AgentManifest, key: SigningKey, *, chain_id: int | None = None) -> AgentManifest:
    """Return the manifest with its signature: EIP-712 where a chain is named, else EIP-191."""
    signing = Signing(
        scheme="eip191" if chain_id is None else "eip712", signer=key.address, chain_id=chain_id
    )
    unsigned = manifest.model_copy(update={"signing": signing, "signature": None})
    signature = key.sign_message(_message(unsigned, signing))
    return unsigned.model_copy(update={"signature": f"0x{signature.hex()}"})


def signer_of(manifest: AgentManifest, *, chain_id: int = 1) -> str:
    """Return the address whose key signed the manifest, or raise `BadSignatureError`.

    `chain_id` is the chain for which EIP-712 signatures count here.
    """
    if manifest.signing is None or manifest.signature is None:
        raise BadSignatureError("the manifest is not signed by an Ethereum key")
    signing = manifest.signing
    if signing.scheme == "eip712" and signing.chain_id != chain_id:
        raise BadSignatureError(
            f"signed for chain {signing.chain_id}, and chain {chain_id} is expected"
        )
    address = _recover(_message(manifest, signing), manifest.signature)
    if address != signing.signer:
        raise BadSignatureError(f"the signature is not one of {signing.signer} over this manifest")
    return address


def legacy_signer_of(document: Mapping[str, Any]) -> str:
    """Return who signed a manifest from before the schema: sorted keys, without `signature`."""
    signature = document.get("signature")
    if not isinstance(signature, str):
        raise BadSignatureError("the manifest is not signed")
    unsigned = {key: value for key, value in document.items() if key != "signature"}
    return _recover(_messages().encode_defunct(primitive=sorted_keys(unsigned)), signature)


class EIP191Signer:
    """Signs any message as an Ethereum personal message, and checks such signatures."""

    def __init__(self, private_key: str | SigningKey) -> None:
        self._key = private_key if isinstance(private_key, SigningKey) else SigningKey(private_key)

    @property
    def address(self) -> str:
        """The address that the signatures recover to."""
        return self._key.address

    def sign(self, message: str | bytes | Mapping[str, Any]) -> str:
        """Return the signature as 0x and 130 hex digits; a mapping is signed with sorted keys."""
        return f"0x{self._key.sign_message(_personal(message)).hex()}"

    @staticmethod
    def verify(message: str | bytes | Mapping[str, Any], signature: str, address: str) -> bool:
        """Say whether the key of `address` signed the message."""
        try:
            return _recover(_personal(message), signature) == checksummed(address)
        except BadSignatureError:
            return False


def checksummed(address: str) -> str:
    """Return an address in its one form (EIP-55); a mixed-case address must already be in it."""
    utils = extra("eth_utils", extra="eth", feature="checking an Ethereum signature")
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address):
        raise RegistryError(f"{address!r} is not an Ethereum address: 0x and 40 hex digits")
    proper = str(utils.to_checksum_address(address))
    if address not in {proper, address.lower()}:
        raise RegistryError(f"{address} is mistyped: its checksum says {proper}")
    return proper


def _message(manifest: AgentManifest, signing: Signing) -> Any:
    signed = manifest.signed_bytes()
    if signing.scheme == "eip191":
        return _messages().encode_defunct(primitive=signed)
    return _messages().encode_typed_data(
        domain_data={**DOMAIN, "chainId": signing.chain_id},
        message_types=TYPES,
        message_data={
            "name": manifest.name,
            "version": manifest.version,
            "files": bytes.fromhex(manifest.adapter.hash.removeprefix("sha256:")),
            "manifest": hashlib.sha256(signed).digest(),
        },
    )


def _personal(message: str | bytes | Mapping[str, Any]) -> Any:
    if isinstance(message, Mapping):
        unsigned = {key: value for key, value in message.items() if key != "signature"}
        return _messages().encode_defunct(primitive=sorted_keys(unsigned))
    data = message.encode() if isinstance(message, str) else message
    return _messages().encode_defunct(primitive=data)


def _recover(message: Any, signature: str) -> str:
    """Return the signer's address, for a signature in its one accepted form."""
    if not re.fullmatch(r"0x[0-9a-f]{130}", signature):
        raise BadSignatureError("the signature is not 65 bytes in lower-case hex")
    raw = bytes.fromhex(signature[2:])
    r, s, v = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64]), raw[64]
    if not (0 < r < ORDER and 0 < s <= ORDER // 2 and v in {27, 28}):
        raise BadSignatureError(
            "the signature is not in its one canonical form (low s, v 27 or 28)"
        )
    keys = extra("eth_keys.exceptions", extra="eth", feature="checking an Ethereum signature")
    account = extra("eth_account", extra="eth", feature="checking an Ethereum signature").Account
    try:
        return str(account.recover_message(message, signature=raw))
    except (keys.BadSignature, keys.ValidationError, ValueError) as error:
        raise BadSignatureError("the signature does not recover to any key") from error


def _messages() -> Any:
    return extra("eth_account.messages", extra="eth", feature="an Ethereum signature")
