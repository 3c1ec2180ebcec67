"""Identity: who emits a record, how it is signed, and how a signature is checked."""

from .delegation import Delegation, delegate
from .did import did_of_key, is_did, key_of_did, web_document_url
from .ed25519 import SigningKey, generate_key, load_key
from .identities import Identity, KeyIdentity
from .resolve import WebResolver
from .verify import Keys, Resolver, Verification, verify_online, verify_record

__all__ = [
    "Delegation",
    "Identity",
    "KeyIdentity",
    "Keys",
    "Resolver",
    "SigningKey",
    "Verification",
    "WebResolver",
    "delegate",
    "did_of_key",
    "generate_key",
    "is_did",
    "key_of_did",
    "load_key",
    "verify_online",
    "verify_record",
    "web_document_url",
]
