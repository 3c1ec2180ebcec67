"""A kernel on a real socket of this machine, for tests that need sockets to be real.

It speaks just enough HTTP/1.1 for that: one request after the other on a connection, bodies
with a length. It is no server for anything else.
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from ..kernel import Kernel, Reply, Request, Watchtower, answer

Misbehave = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""Called before a request is answered; True means that it has dealt with the request."""

_LONGEST_HEAD = 65_536


class LoopbackServer:
    """Serves a kernel on 127.0.0.1 from a thread of its own, until the `with` block ends.

    `misbehave` may be set at any time, to answer requests in ways no kernel would.
    """

    def __init__(
        self, kernel: Kernel | None = None, *, tls: ssl.SSLContext | None = None,
        heartbeat_s: float = 30.0, misbehave: Misbehave | None = None, port: int = 0,
    ) -> None:  # fmt: skip
        self.kernel = kernel or Kernel()
        self.misbehave = misbehave
        self.requests = 0
        self.port = port
        self._tls = tls
        self._heartbeat_s = heartbeat_s
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syncropel-loopback", daemon=True)
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("the loopback server did not start within 60 s")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def cut_connections(self) -> None:
        """Abort every open connection, as a network does."""

        def cut() -> None:
            for writer in tuple(self._connections):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(cut)

    def shut_down_watchers(self) -> None:
        """Tell every watcher that the server goes down."""
        self._loop.call_soon_threadsafe(self._tower.close)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._tower = Watchtower(self.kernel)
        server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, ssl=self._tls, limit=_LONGEST_HEAD
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for writer in tuple(self._connections):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            with suppress(
                OSError,
                asyncio.IncompleteReadError,
                asyncio.LimitOverrunError,
                asyncio.CancelledError,  # the server's end; asyncio would report it as a fault
            ):
                while await self._one(reader, writer):
                    pass
        finally:
            self._connections.discard(writer)
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is over."""
        request = await _read(reader)
        self.requests += 1
        if self.misbehave is not None and await self.misbehave(request, reader, writer):
            return False
        reply = answer(self.kernel, request)
        if reply.watch is not None:
            await self._stream(reply, writer)
            return False
        writer.write(_head(reply.status, "application/json", len(reply.content)) + reply.content)
        await writer.drain()
        return True

    async def _stream(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        assert reply.watch is not None  # noqa: S101 (the caller has looked)
        writer.write(_head(200, "text/event-stream", None))
        events = self._tower.events(reply.watch, heartbeat_s=self._heartbeat_s)
        try:
            async for event in events:
                writer.write(event)
                await writer.drain()
        finally:
            await events.aclose()  # type: ignore[attr-defined]


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    return Request(method, url.path, url.query, headers, body)


def _head(status: int, content_type: str, length: int | None) -> bytes:
    ends = "connection: close" if length is None else f"content-length: {length}"
    return f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n{ends}\r\n\r\n".encode()
