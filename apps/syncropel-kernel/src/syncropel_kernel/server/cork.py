"""Small writes that belong together, sent together.

uvicorn writes the head and the body of an answer one after the other, and each would be a
system call and a packet of its own.
"""

import asyncio
from typing import Any, Final

_ENOUGH: Final = 16_384


class CorkedTransport:
    """A transport that keeps small writes until the event loop comes round, in their order."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep `data` for a moment; what is large goes on at once, so that flow control sees it."""
        if not self._kept:
            self._loop.call_soon(self._flush)
        self._kept.append(data)
        self._size += len(data)
        if self._size >= _ENOUGH:
            self._flush()

    def close(self) -> None:
        """Close when everything was sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._kept and not self._transport.is_closing():
            self._transport.write(b"".join(self._kept))
        self._kept.clear()
        self._size = 0
