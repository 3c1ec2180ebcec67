"""Decentralised identifiers as text: `did:key` to and from a public key, `did:web` to its address.

Pure: nothing here fetches or signs.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import unquote

from ..errors import IdentityError

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_ED25519_PREFIX: Final = bytes((0xED, 0x01))
_DID_KEY: Final = "did:key:z"
_DID: Final = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._%-]\Z", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?\Z", re.ASCII)
_PATH_PART: Final = re.compile(r"[A-Za-z0-9._-]+\Z", re.ASCII)


def is_did(text: object) -> bool:
    """Whether a text has the form of a DID (`did:method:identifier`)."""
    return isinstance(text, str) and len(text) <= 2048 and bool(_DID.match(text))


def did_of_key(public_key: bytes) -> str:
    """Return the `did:key` of an Ed25519 public key."""
    if len(public_key) != 32:
        raise IdentityError(f"an Ed25519 public key has 32 bytes, not {len(public_key)}")
    return f"{_DID_KEY}{base58(_ED25519_PREFIX + public_key)}"


def key_of_did(did: object) -> bytes:
    """Return the Ed25519 public key that a `did:key` spells.

    Raises:
        IdentityError: it is no `did:key`, or one of another kind of key.
    """
    if not isinstance(did, str) or not did.startswith(_DID_KEY):
        raise IdentityError(f"{did!r} is not a did:key in base58btc (did:key:z…)")
    return key_of_multibase(did.removeprefix("did:key:"))


def key_of_multibase(text: str) -> bytes:
    """Return the Ed25519 public key of a `z…` multibase text, as DID documents carry it."""
    if not text.startswith("z") or len(text) > 64:
        raise IdentityError(f"{text[:64]!r} is no base58btc multibase key")
    decoded = unbase58(text[1:])
    if not decoded.startswith(_ED25519_PREFIX) or len(decoded) != 34:
        raise IdentityError(f"{text!r} is no Ed25519 public key")
    return decoded[2:]


def web_document_url(did: str, *, allow_local: bool = False) -> str:
    """Return where the document of a `did:web` lives; always over https.

    Addresses and local names are refused unless `allow_local`: a DID comes from whoever wrote
    the record, and must not make this program call machines behind its own wall.
    """
    parts = did.split(":")
    if parts[:2] != ["did", "web"] or len(parts) < 3 or not is_did(did):
        raise IdentityError(f"{did!r} is not a did:web")
    host = unquote(parts[2]).lower()
    path = parts[3:]
    if not _HOST.match(host) or not all(_PATH_PART.match(part) for part in path):
        raise IdentityError(f"{did!r} does not spell a host and a path")
    if any(part in {".", ".."} for part in path):
        raise IdentityError(f"{did!r} leaves its own path")
    if not allow_local and _is_local(host.partition(":")[0]):
        raise IdentityError(f"{did!r} names a local machine")
    return f"https://{host}/{'/'.join(path) or '.well-known'}/did.json"


def base58(data: bytes) -> str:
    """Encode in the Bitcoin alphabet; leading zero bytes become leading ones."""
    number = int.from_bytes(data)
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(digits))


def unbase58(text: str) -> bytes:
    """Decode the Bitcoin alphabet.

    Raises:
        IdentityError: a letter outside the alphabet.
    """
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise IdentityError(f"{letter!r} is no base58 letter")
        number = number * 58 + _VALUES[letter]
    body = number.to_bytes((number.bit_length() + 7) // 8)
    return bytes(len(text) - len(text.lstrip("1"))) + body


def _is_local(host: str) -> bool:
    if host == "localhost" or "." not in host:
        return True
    if host.endswith((".localhost", ".local", ".internal", ".home.arpa")):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Some resolvers read `0x7f.1` or `127.1` as an address; no public name ends in digits.
        return host.rpartition(".")[2].isdigit() or host.startswith("0x")
    return True
