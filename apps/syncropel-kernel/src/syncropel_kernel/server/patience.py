"""HTTP on a socket, for clients that may be slow, greedy or silent on purpose.

uvicorn bounds how long an idle connection is kept, but not how long a request's head may take
or how large it may be; and a reader that takes nothing keeps its connection for ever. Both end
here.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .cork import CorkedTransport

LONGEST_HEAD: Final = 65_536
ABORT: Final = "syncropel.abort"
"""The ASGI extension: a function that ends the connection at once."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience."""

    head_s = 15.0
    """How long the head of a request may take."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        self._head: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        corked: Any = CorkedTransport(transport, self.loop)
        super().connection_made(corked)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what is not yet a head."""
        if self._head is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD and b"\r\n\r\n" not in data[:LONGEST_HEAD]:
                self.abort()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Wait for a head, and let the program end the connection."""
        super().on_message_begin()
        extensions: dict[str, Any] = {ABORT: self.abort}
        self.scope["extensions"] = extensions
        self._await_head()

    def on_headers_complete(self) -> None:
        """Stop waiting."""
        self._head_is_here()
        super().on_headers_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also where the last answer was never taken."""
        if self.transport.get_write_buffer_size():
            self.abort()
        else:
            super().timeout_keep_alive_handler()

    def abort(self) -> None:
        """End the connection without waiting for its reader."""
        self.transport.abort()

    def _await_head(self) -> None:
        if self._head is None:
            self._head_bytes = 0
            self._head = self.loop.call_later(self.head_s, self.abort)

    def _head_is_here(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
