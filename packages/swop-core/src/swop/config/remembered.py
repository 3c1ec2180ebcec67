"""The last configuration that was read, as JSON: loading YAML costs more than a warm scan.

It is kept by the digest of the file's bytes, in the cache of the default state folder;
anything doubtful counts as not there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .._version import VERSION
from .model import DEFAULT_STATE_DIR, SwopConfig

_NOWHERE = object()


def recall(data: bytes, where: Path) -> Any:
    """The values of a configuration that was remembered, or `is_unknown` of them."""
    try:
        header, _, body = _path(where).read_bytes().partition(b"\n")
        if header.decode("ascii") != _header(data, body):
            return _NOWHERE
        return json.loads(body)
    except (OSError, ValueError, RecursionError):
        return _NOWHERE


def is_unknown(values: Any) -> bool:
    """Whether `recall` found nothing."""
    return values is _NOWHERE


def is_remembered(config: SwopConfig) -> bool:
    """Whether there is something to recall, or nowhere to keep it."""
    where = config.config_path
    return where is None or config.state_dir != DEFAULT_STATE_DIR or _path(where).exists()


def remember(config: SwopConfig) -> None:
    """Keep the file's values for the next time, where they are plain JSON.

    Raises:
        StateWriteError: the cache cannot be written.
    """
    from .._yaml import YamlProblemError, parse_yaml
    from ..files import write_if_changed

    where = config.config_path
    if where is None or config.state_dir != DEFAULT_STATE_DIR:
        return
    try:
        data = where.read_bytes()
        raw = parse_yaml(data)
        body = json.dumps(raw).encode()
    except (OSError, YamlProblemError, TypeError, ValueError, RecursionError):
        return
    if json.loads(body) == raw:
        write_if_changed(_path(where), f"{_header(data, body)}\n".encode("ascii") + body)


def _path(where: Path) -> Path:
    return where.parent / DEFAULT_STATE_DIR / "cache" / "config.json"


def _header(data: bytes, body: bytes) -> str:
    return " ".join([VERSION, *(hashlib.sha256(item).hexdigest() for item in (data, body))])
