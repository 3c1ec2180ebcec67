"""The kernel's doors as ASGI: read a request, let the kernel decide, write the answer."""

import asyncio
import logging
import time
from typing import Final

from starlette.types import Receive, Scope, Send

from syncropel.kernel import Refusal, Reply, Request, Watch, Watchtower, prepare
from syncropel.kernel.doors import WRITES
from syncropel.kernel.requests import refused

from .bodies import ClientGoneError, read_body
from .desk import Desk
from .gate import Caller, Gate
from .metrics import Metrics
from .patience import ABORT
from .settings import ServerSettings

_LOGGER: Final = logging.getLogger("syncropel_kernel")
_LARGE: Final = 32_768
"""Bodies from this size on are parsed in a thread, so that nobody waits for them."""
_PIECE: Final = 262_144
_JSON: Final = (b"content-type", b"application/json")
_INTERNAL: Final = Refusal(500, "INTERNAL", "the server failed; its log says how")


class Doors:
    """Answers every request that is not for the page."""

    def __init__(
        self, desk: Desk, tower: Watchtower, gate: Gate, metrics: Metrics,
        settings: ServerSettings,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._tower = tower
        self._gate = gate
        self._metrics = metrics
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong is a documented error object."""
        started = time.perf_counter()
        try:
            reply = await self._answer(scope, receive)
        except ClientGoneError:
            return
        except Exception:  # whatever it is, the server goes on and the caller is told
            _LOGGER.exception("%s %s failed", scope["method"], scope["path"])
            reply = refused(_INTERNAL)
        if reply.watch is not None:
            await self._stream(reply.watch, scope, receive, send)
            return
        await self._send(reply, scope, send)
        self._metrics.answered(scope, reply.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        caller = await self._gate.caller(scope["method"], scope["path"], headers)
        if isinstance(caller, Refusal):
            return refused(caller)
        limits = self._settings.kernel
        body = await read_body(
            scope, receive, most=limits.batch_bytes, seconds=self._settings.body_s
        )
        if isinstance(body, Refusal):
            return refused(body)
        path = scope["raw_path"].decode("ascii")
        query = scope["query_string"].decode("latin-1")
        return await self._decide(Request(scope["method"], path, query, headers, body), caller)

    async def _decide(self, request: Request, caller: Caller) -> Reply:
        kernel = self._desk.kernel
        if request.method == "POST" and request.path in WRITES and len(request.body) < _LARGE:
            prepared = prepare(kernel, request, admit=caller.admit)
        else:
            prepared = await self._desk.read(lambda: prepare(kernel, request, admit=caller.admit))
        if not isinstance(prepared, Reply):
            outcomes = await self._desk.commit(prepared.judged)
            self._metrics.ingested(outcomes)
            return prepared.finish(outcomes)
        if prepared.watch is not None and self._tower.watchers >= self._settings.max_watchers:
            return refused(Refusal(503, "TOO_MANY_WATCHERS", "try again later"))
        return prepared

    async def _send(self, reply: Reply, scope: Scope, send: Send) -> None:
        content = reply.content
        headers = [_JSON, (b"content-length", str(len(content)).encode())]
        if reply.status == 503:
            headers.append((b"retry-after", b"1"))
        if reply.status in (408, 413):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for start in range(0, len(content) or 1, _PIECE):  # each waits until the last was taken
            end = start + _PIECE
            await self._deliver(content[start:end], scope, send, more=end < len(content))

    async def _stream(self, watch: Watch, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the watcher goes or the server does."""
        telling = asyncio.create_task(self._tell(watch, scope, send))
        gone = asyncio.create_task(_gone(receive))
        self._metrics.answered(scope, 200, 0.0)
        try:
            await asyncio.wait((telling, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            telling.cancel()
            await asyncio.gather(telling, gone, return_exceptions=True)

    async def _tell(self, watch: Watch, scope: Scope, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        events = self._tower.events(
            watch,
            heartbeat_s=self._settings.heartbeat_s,
            retry_after_ms=self._settings.retry_after_ms,
        )
        try:
            async for told in events:
                await self._deliver(told, scope, send, more=True)
        finally:
            await events.aclose()  # type: ignore[attr-defined]
        await self._deliver(b"", scope, send, more=False)

    async def _deliver(self, content: bytes, scope: Scope, send: Send, *, more: bool) -> None:
        """Send, but not to somebody who takes nothing: the connection ends, nothing is queued."""
        try:
            async with asyncio.timeout(self._settings.stall_s):
                await send({"type": "http.response.body", "body": content, "more_body": more})
        except TimeoutError:
            self._metrics.stalled()
            scope.get("extensions", {}).get(ABORT, lambda: None)()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
