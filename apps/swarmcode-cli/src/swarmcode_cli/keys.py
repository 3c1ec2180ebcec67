"""Keys to sign with: made, found, and never asked for where nobody can answer."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ProjectError, SettingsError
from .settings import Settings

if TYPE_CHECKING:
    from swarmcode_registry import SigningKey

PASSWORD_VARIABLE = "SWARMCODE_KEYSTORE_PASSWORD"  # noqa: S105 - where it is, not what it is


def signing_key(settings: Settings) -> "SigningKey":
    """Find the key to sign with: the keystore that is named, or the environment's."""
    from swarmcode_registry import key_from_environment, key_from_keystore

    keystore = settings.get("publish", "keystore")
    if keystore is not None:
        _require_password(keystore)
    return key_from_keystore(keystore) if keystore is not None else key_from_environment()


def new_trusted_key(path: Path, trust: Path | None, *, password: str) -> str:
    """Make a key in an encrypted keystore, note that it is trusted, and return its address."""
    from swarmcode_registry import new_key, trust_add

    key = new_key()
    key.save(path, password=password)
    if trust is not None:
        trust_add(trust, key.address, note=f"the key in {path.name}")
    return key.address


def new_password(path: Path) -> str:
    """Ask for a new keystore's password, twice; or take the environment's."""
    from getpass import getpass

    _require_password(path)
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    password = getpass(f"A password for {path}: ")
    if password != getpass("Once more: "):
        raise ProjectError("the two passwords differ: nothing was written, run it again")
    return password


def _require_password(keystore: Path) -> None:
    """Refuse to ask where nobody can answer."""
    if not os.environ.get(PASSWORD_VARIABLE) and not sys.stdin.isatty():
        raise SettingsError(
            "publish.keystore",
            f"is {keystore}, and there is no terminal to ask for its password: "
            f"set {PASSWORD_VARIABLE}",
            origin="signing",
        )
