"""Ed25519 through `cryptography` (the `sign` extra), imported when it is used."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IdentityError, MissingExtraError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SigningKey:
    """A private key that never shows itself in a log or a traceback."""

    __slots__ = ("_key", "public")

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "SigningKey(…)"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a SigningKey is never pickled; load it from its file where it is needed")

    def sign(self, content: bytes) -> bytes:
        """Return the 64-byte signature of `content`."""
        return self._key.sign(content)


def load_key(path_or_bytes: str | Path | bytes, *, password: bytes | None = None) -> SigningKey:
    """Load a private key: 32 raw bytes, their 64 hexadecimal digits, or PEM; given or in a file.

    Raises:
        MissingExtraError: `cryptography` is not installed.
        IdentityError: the file cannot be read, or holds no Ed25519 private key.
    """
    _require()
    source = "the given bytes"
    if isinstance(path_or_bytes, str | Path):
        source = str(path_or_bytes)
        data = _read(Path(path_or_bytes))
    elif isinstance(path_or_bytes, bytes | bytearray):
        data = bytes(path_or_bytes)
    else:
        raise IdentityError(
            f"a key is a path or bytes, not {type(path_or_bytes).__name__}; nothing was loaded"
        )
    return SigningKey(_parse(data, source, password))


def generate_key() -> SigningKey:
    """Return a fresh private key."""
    _require()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.generate())


def is_signature(public_key: bytes, signature: bytes, content: bytes) -> bool:
    """Whether `signature` is the key's signature of `content`."""
    _require()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _require() -> None:
    try:
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401
    except ImportError:
        raise MissingExtraError("sign", purpose="signing and verifying records") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(65_536)
    except OSError as error:
        raise IdentityError(f"the key file {path} cannot be read: {error.strerror}") from None


def _parse(data: bytes, source: str, password: bytes | None) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(data) == 32:
        return Ed25519PrivateKey.from_private_bytes(data)
    text = data.strip()
    if len(text) == 64 and all(byte in b"0123456789abcdefABCDEF" for byte in text):
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.decode()))
    key = _parse_pem(text, source, password)
    if not isinstance(key, Ed25519PrivateKey):
        raise IdentityError(f"{source} holds another kind of key; Ed25519 is needed")
    return key


def _parse_pem(data: bytes, source: str, password: bytes | None) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    openssh = b"BEGIN OPENSSH PRIVATE KEY" in data
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        return load(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityError(
            f"{source} holds no Ed25519 private key (32 bytes, 64 hex digits or PEM): {error}"
        ) from None
