"""Keys: made here, shown once, kept as hashes.

A key is 256 random bits, so that a fast hash of it cannot be guessed back; the file may be read
by whoever reads backups.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from swarmcode_agent import untrusted_json

from .errors import SettingsError

PREFIX = "sk-swarm-"
Rate = Annotated[int, Field(ge=1)] | None


class Key(BaseModel):
    """What is known of a key, and what it may do. None is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tools: bool = False  # run tools: commands in a sandbox, files in a workspace
    admin: bool = False  # load and unload adapters
    requests_per_minute: Rate = None
    tokens_per_minute: Rate = None
    concurrent: Rate = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Annotated[Literal["swarmcode-keys/1"], Field(alias="schema")]
    keys: tuple[Key, ...] = ()


class KeyRing:
    """The keys that are known."""

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self._keys = {key.sha256: key for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, token: str) -> Key | None:
        """Return the key of a token. Digests are compared, so that time tells nothing of keys."""
        digest = digest_of(token)
        key = self._keys.get(digest)
        return key if key is not None and hmac.compare_digest(key.sha256, digest) else None

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read a key file. Raises SettingsError."""
        return cls(_read(path).keys)


def digest_of(token: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def add_key(
    path: Path,
    name: str,
    *,
    tools: bool = False,
    admin: bool = False,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    concurrent: int | None = None,
) -> str:
    """Make a key, add it to a key file, and return it; nothing can show it again."""
    before = _read(path).keys if path.exists() else ()
    if any(key.name == name for key in before):
        raise SettingsError("keys_file", f"{path} has a key {name!r} already; remove it first")
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        key = Key(
            name=name,
            sha256=digest_of(token),
            tools=tools,
            admin=admin,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            concurrent=concurrent,
        )
    except ValidationError as error:
        raise SettingsError("key", _first(error)) from None
    _write(path, (*before, key))
    return token


def remove_key(path: Path, name: str) -> bool:
    """Forget a key; whether there was one of this name."""
    before = _read(path).keys
    kept = tuple(key for key in before if key.name != name)
    if len(kept) < len(before):
        _write(path, kept)
    return len(kept) < len(before)


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(untrusted_json.loads(path.read_bytes()))
    except OSError as error:
        raise SettingsError("keys_file", f"{path} cannot be read ({error.strerror})") from None
    except ValidationError as error:
        raise SettingsError("keys_file", f"{path}: {_first(error)}") from None
    except ValueError as error:
        raise SettingsError("keys_file", f"{path} is not JSON ({error})") from None


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    """Replace the file as a whole; it is nobody else's to read."""
    told = [key.model_dump(exclude_none=True) for key in keys]
    text = json.dumps({"schema": "swarmcode-keys/1", "keys": told}, indent=2) + "\n"
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SettingsError("keys_file", f"{path} cannot be written ({error.strerror})") from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
