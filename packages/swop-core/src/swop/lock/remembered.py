"""The last lock that was read, as JSON: loading YAML costs more than all else of a comparison.

It is kept under the digest of the file's bytes, in the cache of the state folder; anything
doubtful counts as not there, and the values go through the same checks as those of a file.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .._version import VERSION
from ..config import SwopConfig
from .model import Lock
from .read import lock_from, parse_lock


def recall_lock(data: bytes, config: SwopConfig) -> Lock:
    """The lock in these bytes, which are those of the project's own file.

    Raises:
        LockError: the bytes are no lock.
    """
    values = _recalled(data, config)
    if values is None:
        return parse_lock(data, path=config.lock_path)
    return lock_from(values, path=config.lock_path)


def remember_lock(config: SwopConfig) -> None:
    """Keep the project's lock for the next time, where there is a cache to keep it in.

    Raises:
        StateWriteError: the cache cannot be written.
    """
    from .._yaml import YamlProblemError, parse_yaml
    from ..files import write_atomically

    path = _path(config)
    try:
        data = config.lock_path.read_bytes()
        if not path.parent.is_dir() or _recalled(data, config) is not None:
            return
        body = json.dumps(parse_yaml(data)).encode()
    except (OSError, YamlProblemError, TypeError, ValueError, RecursionError):
        return
    write_atomically(path, _header(data, body) + b"\n" + body)


def _recalled(data: bytes, config: SwopConfig) -> Any:
    try:
        header, _, body = _path(config).read_bytes().partition(b"\n")
        return json.loads(body) if header == _header(data, body) else None
    except (OSError, ValueError, RecursionError):
        return None


def _path(config: SwopConfig) -> Path:
    return config.state_path / "cache" / "lock.json"


def _header(data: bytes, body: bytes) -> bytes:
    digests = (hashlib.sha256(part).hexdigest() for part in (data, body))
    return " ".join([VERSION, *digests]).encode("ascii")
