"""The standard signature for models (OpenSSF Model Signing), for people without a wallet.

The whole folder is signed, manifest included, with an elliptic-curve key in a PEM file; the
result is a Sigstore bundle, `model.sig`, beside the manifest. Anyone can check it with that
project's own command, and without this package.

A signature may say itself which paths it leaves out. So that a manifest cannot be exchanged
behind such a signature, the manifest must be one of the files that the signature names.
"""

import base64
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from .._extras import extra
from ..canonical import read_json
from ..errors import BadSignatureError, ManifestError, RegistryError, SigningKeyError
from ..names import MANIFEST_FILE, SIGNATURE_FILE

LARGEST_BUNDLE = 16 << 20
_FEATURE = "OpenSSF model signing"


def sign_folder(folder: Path, private_key: Path, *, password: str | None = None) -> Path:
    """Sign a folder that holds its manifest; return the path of the bundle."""
    if not (folder / MANIFEST_FILE).is_file():
        raise RegistryError(f"{folder} has no {MANIFEST_FILE}: publish writes it before signing")
    signing = extra("model_signing.signing", extra="model-signing", feature=_FEATURE)
    try:
        config = signing.Config().use_elliptic_key_signer(
            private_key=private_key,
            password=password.encode() if password else None,  # handed on as it is
        )
    except FileNotFoundError as error:
        raise SigningKeyError(f"cannot read the key {private_key}: it does not exist") from error
    except Exception as error:  # noqa: BLE001 - many kinds; none of them holds the key
        reason = f"{type(error).__name__}: {error}"
        raise SigningKeyError(
            f"{private_key} is not an elliptic-curve private key that can be used: {reason}"
        ) from None
    target = folder / SIGNATURE_FILE
    config.set_hashing_config(_hashing(target)).sign(folder, target)
    return target


def verify_folder(folder: Path, public_key: bytes) -> str:
    """Check the bundle with a public key (PEM); return the key's fingerprint."""
    bundle = _read_bundle(folder / SIGNATURE_FILE)
    verifying = extra("model_signing.verifying", extra="model-signing", feature=_FEATURE)
    with tempfile.TemporaryDirectory(prefix="swarmcode-") as scratch:
        key, copy = Path(scratch, "key.pem"), Path(scratch, SIGNATURE_FILE)
        key.write_bytes(public_key)
        copy.write_bytes(bundle)
        try:
            config = verifying.Config().use_elliptic_key_verifier(public_key=key)
            config.set_hashing_config(_hashing(folder / SIGNATURE_FILE)).verify(folder, copy)
        except Exception as error:
            raise BadSignatureError(
                f"{SIGNATURE_FILE} does not hold for this folder: {error}"
            ) from error
    _refuse_unless_manifest_is_covered(folder, bundle)
    return fingerprint(public_key)


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a public key's one binary form (SubjectPublicKeyInfo)."""
    serialization = extra(
        "cryptography.hazmat.primitives.serialization", extra="model-signing", feature=_FEATURE
    )
    try:
        key = serialization.load_pem_public_key(public_key)
    except Exception as error:
        raise SigningKeyError(f"not a PEM public key: {error}") from error
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"key:sha256:{hashlib.sha256(der).hexdigest()}"


def _hashing(signature: Path) -> Any:
    hashing = extra("model_signing.hashing", extra="model-signing", feature=_FEATURE)
    return hashing.Config().set_ignored_paths(paths=[signature], ignore_git_paths=False)


def _read_bundle(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise BadSignatureError(f"there is no {SIGNATURE_FILE} beside the manifest")
    with path.open("rb") as file:
        bundle = file.read(LARGEST_BUNDLE + 1)
    if len(bundle) > LARGEST_BUNDLE:
        raise BadSignatureError(f"{SIGNATURE_FILE} is larger than {LARGEST_BUNDLE} bytes")
    return bundle


def _refuse_unless_manifest_is_covered(folder: Path, bundle: bytes) -> None:
    sha256 = hashlib.sha256((folder / MANIFEST_FILE).read_bytes()).hexdigest()
    try:
        envelope = read_json(bundle)["dsseEnvelope"]
        statement = read_json(base64.b64decode(envelope["payload"], validate=True))
        covered = {item["name"]: item["digest"] for item in statement["predicate"]["resources"]}
    except (ManifestError, KeyError, TypeError, ValueError) as error:
        raise BadSignatureError(f"{SIGNATURE_FILE} is not a signature of a model") from error
    if covered.get(MANIFEST_FILE) != sha256:
        raise BadSignatureError(f"{SIGNATURE_FILE} does not cover {MANIFEST_FILE}")
