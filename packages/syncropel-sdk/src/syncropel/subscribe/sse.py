"""Reading server-sent events: bytes in, events out, as the HTML standard describes them.

Bounded: a line or an event that does not end is refused instead of collected.
"""

from dataclasses import dataclass
from typing import Final

MAX_EVENT_BYTES: Final = 16 << 20


class StreamTooLongError(Exception):
    """An event is longer than `MAX_EVENT_BYTES`."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; `id` is the last id the stream has named, None before the first."""

    name: str
    data: str
    id: str | None


class EventParser:
    """Feeds on chunks of any size, cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._started = False
        self._skip_newline = False
        self._name = ""
        self._data: list[str] = []
        self._id: str | None = None
        self._size = 0
        self.last_id: str | None = None
        self.retry_ms: int | None = None

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that this chunk completes."""
        events = []
        for line in self._lines(chunk):
            event = self._line(line.decode(errors="replace"))
            if event is not None:
                events.append(event)
        if self._size + len(self._rest) > MAX_EVENT_BYTES:
            raise StreamTooLongError(f"an event is longer than {MAX_EVENT_BYTES} bytes")
        return events

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Cut complete lines; CR, LF and CRLF all end one, also across two chunks."""
        if self._skip_newline and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        if chunk:
            self._skip_newline = chunk.endswith(b"\r")
        data = self._rest + chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not self._started and data:
            if b"\xef\xbb\xbf".startswith(data[:3]) and len(data) < 3:
                self._rest = data
                return []
            self._started = True
            data = data.removeprefix(b"\xef\xbb\xbf")
        *lines, self._rest = data.split(b"\n")
        return lines

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > MAX_EVENT_BYTES:
                raise StreamTooLongError(f"an event is longer than {MAX_EVENT_BYTES} bytes")
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = min(int(value[:12]), 3_600_000)
        return None

    def _dispatch(self) -> ServerEvent | None:
        name, data = self._name, self._data
        if self._id is not None:
            self.last_id = self._id
        self._forget()
        if not data:
            return None
        return ServerEvent(name or "message", "\n".join(data), self.last_id)

    def _forget(self) -> None:
        self._name = ""
        self._data = []
        self._id = None
        self._size = 0
