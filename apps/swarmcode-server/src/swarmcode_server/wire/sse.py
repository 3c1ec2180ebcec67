"""Server-sent events, as OpenAI's clients read them: one `data:` line and a blank one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DONE = b"data: [DONE]\n\n"
HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}  # no proxy holds a piece back

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dumps(value: object) -> str:
    """Write JSON without spaces."""
    return _encode(value)


def event(value: Mapping[str, Any], *, name: str | None = None) -> bytes:
    """One event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {_encode(value)}\n\n".encode()
