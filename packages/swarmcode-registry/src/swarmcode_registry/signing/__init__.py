"""Who signed a manifest, in which of the accepted schemes."""

from .ethereum import EIP191Signer, checksummed, legacy_signer_of, sign, signer_of
from .keys import (
    SigningKey,
    key_from_environment,
    key_from_keystore,
    key_from_prompt,
    new_key,
)
from .openssf import fingerprint, sign_folder, verify_folder

__all__ = [
    "EIP191Signer",
    "SigningKey",
    "checksummed",
    "fingerprint",
    "key_from_environment",
    "key_from_keystore",
    "key_from_prompt",
    "legacy_signer_of",
    "new_key",
    "sign",
    "sign_folder",
    "signer_of",
    "verify_folder",
]
