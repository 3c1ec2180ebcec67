"""Server-sent events as bytes arrive, however they are cut; bounded, and JSON objects alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swarmcode_agent import untrusted_json

from ...errors import EngineFailedError

MOST_PENDING = 8_000_000  # bytes of one event; more is no answer


class EventReader:
    """Feed bytes, get events. `done` once `[DONE]` was read; nothing after it counts."""

    def __init__(self) -> None:
        self._buffer = b""
        self._data: list[bytes] = []
        self.done = False

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take some bytes, and yield their events. Raises EngineFailedError for what is none."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) + sum(map(len, self._data)) > MOST_PENDING:
            raise EngineFailedError("the upstream sent an event without end")
        for whole_line in lines:
            line = whole_line.rstrip(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].strip())
            elif not line and self._data:
                whole, self._data = b"\n".join(self._data), []
                if whole == b"[DONE]":
                    self.done = True
                    return
                yield _object(whole)


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = untrusted_json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise EngineFailedError(f"the upstream sent {data[:60]!r}, which is not an event")
    if value.get("error"):
        raise EngineFailedError(f"the upstream failed: {message_of(value)}")
    return value


def message_of(value: object) -> str:
    """Find the sentence in an error, whichever of the usual shapes it has."""
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        error = error.get("message", error.get("detail", error))
    return str(error)[:500]
