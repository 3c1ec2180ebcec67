"""An httpx transport whose other end is a kernel in the same process."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from ..kernel import Kernel, Reply, Request, Watchtower, answer

_JSON = [("content-type", "application/json")]


class KernelTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Carries requests to a kernel, for async and blocking clients alike.

    `fail_posts` and `fail_gets` count how many of the next requests of that method find nobody.
    """

    def __init__(self, kernel: Kernel, *, heartbeat_s: float = 30.0) -> None:
        self.kernel = kernel
        self.fail_posts = 0
        self.fail_gets = 0
        self._heartbeat_s = heartbeat_s
        self._towers: dict[asyncio.AbstractEventLoop, Watchtower] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a blocking client; watching needs an async one."""
        self._fail_if_asked(request)
        request.read()
        reply = self._answer(request)
        if reply.watch is not None:
            return httpx.Response(406, json={"error": "watching needs an async client"})
        return _response(reply)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer an async client."""
        self._fail_if_asked(request)
        await request.aread()
        reply = self._answer(request)
        if reply.watch is None:
            return _response(reply)
        events = self._tower_here().events(reply.watch, heartbeat_s=self._heartbeat_s)
        return httpx.Response(
            200, headers=[("content-type", "text/event-stream")], stream=_Events(events)
        )

    def shut_down(self) -> None:
        """Say goodbye to every watcher; later watches begin as usual."""
        for loop, tower in self._towers.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(tower.close)
        self._towers = {}

    def _tower_here(self) -> Watchtower:
        loop = asyncio.get_running_loop()
        if loop not in self._towers:
            self._towers[loop] = Watchtower(self.kernel)
        return self._towers[loop]

    def _answer(self, request: httpx.Request) -> Reply:
        url = request.url
        return answer(
            self.kernel,
            Request(
                request.method,
                url.raw_path.partition(b"?")[0].decode("ascii"),
                url.query.decode("ascii"),
                {name.lower(): value for name, value in request.headers.items()},
                request.content,
            ),
        )

    def _fail_if_asked(self, request: httpx.Request) -> None:
        if request.method == "POST" and self.fail_posts > 0:
            self.fail_posts -= 1
        elif request.method == "GET" and self.fail_gets > 0:
            self.fail_gets -= 1
        else:
            return
        raise httpx.ConnectError("mock-injected failure", request=request)


class _Events(httpx.AsyncByteStream):
    def __init__(self, events: AsyncIterator[bytes]) -> None:
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for event in self._events:
            yield event

    async def aclose(self) -> None:
        closing = getattr(self._events, "aclose", None)
        if closing is not None:
            await closing()


def _response(reply: Reply) -> httpx.Response:
    return httpx.Response(reply.status, headers=_JSON, content=reply.content)
