"""Signing keys: where they may come from, and that they go nowhere else.

A key comes from an encrypted keystore file (Web3 Secret Storage, as wallets write it), from an
environment variable, or from a prompt. There is no way to read one from a flag or from a
configuration file: those end in shell histories and in repositories. A key shows its address
alone when it is printed, and cannot be pickled, so that it does not reach a log.
"""

import os
import re
from collections.abc import Callable, Mapping
from getpass import getpass
from pathlib import Path
from typing import Any, NoReturn

from .._extras import extra
from ..canonical import read_json
from ..errors import ManifestError, SigningKeyError
from ..files import write_atomically

KEY_VARIABLE = "SWARMCODE_PRIVATE_KEY"
PASSWORD_VARIABLE = "SWARMCODE_KEYSTORE_PASSWORD"  # noqa: S105 - its name, not a password

AskSecret = Callable[[str], str]


class SigningKey:
    """A private key for Ethereum signatures. It prints as its address."""

    __slots__ = ("_account",)

    def __init__(self, secret: str | bytes) -> None:
        raw = _from_hex(secret) if isinstance(secret, str) else secret
        accounts = _ethereum().Account
        try:
            self._account = accounts.from_key(raw)
        except Exception as error:  # noqa: BLE001 - the libraries below raise many kinds
            # `from None`: the original message may hold the key.
            raise SigningKeyError(f"not a private key: {type(error).__name__}") from None

    @property
    def address(self) -> str:
        """The address that signatures of this key recover to (EIP-55)."""
        return str(self._account.address)

    def sign_message(self, message: Any) -> bytes:
        """Return the 65 bytes r, s, v of a signature over an `eth_account` message."""
        return bytes(self._account.sign_message(message).signature)

    def save(self, path: str | os.PathLike[str], *, password: str) -> None:
        """Write an encrypted keystore that only the owner can read; never over an existing file."""
        target = Path(path)
        if target.exists():
            raise SigningKeyError(f"{target} exists already: choose another file")
        if not password:
            raise SigningKeyError("a keystore needs a password")
        import json

        keystore = _ethereum().Account.encrypt(self._account.key, password)
        write_atomically(target, json.dumps(keystore).encode(), mode=0o600)

    def __repr__(self) -> str:
        return f"SigningKey({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key cannot be pickled")


def new_key() -> SigningKey:
    """Make a fresh key from the operating system's random source."""
    return SigningKey(bytes(_ethereum().Account.create().key))


def key_from_environment(
    variable: str = KEY_VARIABLE, *, environment: Mapping[str, str] = os.environ
) -> SigningKey:
    """Read the key that an environment variable holds as 64 hex digits."""
    value = environment.get(variable, "").strip()
    if not value:
        raise SigningKeyError(
            f"there is no signing key: set {variable}, or name an encrypted keystore file"
        )
    return SigningKey(value)


def key_from_prompt(ask: AskSecret = getpass) -> SigningKey:
    """Ask for the key on the terminal, without showing it."""
    return SigningKey(ask("Private key (hex): ").strip())


def key_from_keystore(
    path: str | os.PathLike[str],
    *,
    ask: AskSecret = getpass,
    environment: Mapping[str, str] = os.environ,
) -> SigningKey:
    """Decrypt a keystore file; its password comes from the environment or from a prompt."""
    try:
        keystore = read_json(Path(path).read_bytes())
    except OSError as error:
        raise SigningKeyError(f"cannot read the keystore {path}: {error.strerror}") from error
    except ManifestError:
        raise SigningKeyError(f"{path} is not an encrypted keystore file") from None
    password = environment.get(PASSWORD_VARIABLE) or ask(f"Password of {path}: ")
    accounts = _ethereum().Account
    try:
        secret = bytes(accounts.decrypt(keystore, password))
    except ValueError as error:
        raise SigningKeyError(f"cannot open the keystore {path}: {error}") from None
    except Exception:  # noqa: BLE001 - a damaged keystore raises KeyError, TypeError and others
        raise SigningKeyError(f"{path} is not an encrypted keystore file") from None
    return SigningKey(secret)


def _from_hex(text: str) -> bytes:
    if not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", text):
        raise SigningKeyError("not a private key: it must be 64 hex digits")
    return bytes.fromhex(text.removeprefix("0x"))


def _ethereum() -> Any:
    return extra("eth_account", extra="eth", feature="signing with an Ethereum key")
