"""Answers that end with their client: whoever leaves takes the work with it.

Nothing is sent before the first piece is there, so that what fails until then is told with its
own status. What fails later is an error event, and the end of the stream.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from .errors import ApiError, InternalError
from .wire.sse import HEADERS, event

log = logging.getLogger(__name__)

Fail = Callable[[ApiError], bytes]


class _Watched(Response, ABC):
    """Does its work in a task that ends when the client leaves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Work until done or alone."""
        work = asyncio.create_task(self.answer(send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                scope.setdefault("state", {})["left"] = True
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(gone, work, return_exceptions=True)
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error

    @abstractmethod
    async def answer(self, send: Send) -> None:
        """Do the work and send what came of it."""


class WholeAnswer(_Watched):
    """JSON that takes a while to make."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        super().__init__()
        self._work = work

    async def answer(self, send: Send) -> None:
        """Make it, then send it as a whole."""
        response = JSONResponse(await self._work())
        status = {"type": "http.response.start", "status": 200, "headers": response.raw_headers}
        await send(status)
        await send({"type": "http.response.body", "body": response.body})


class EventStream(_Watched):
    """Events as they come, each sent at once."""

    media_type = "text/event-stream; charset=utf-8"

    def __init__(
        self,
        events: AsyncGenerator[bytes, None],
        *,
        fail: Fail | None = None,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._fail = fail or (lambda error: event(error.body()))

    async def answer(self, send: Send) -> None:
        """Send the first piece with its status, then the rest."""
        async with aclosing(self._events) as events:
            first = await anext(events)
            status = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(status)
            await _send(send, first)
            try:
                async for piece in events:
                    if piece:
                        await _send(send, piece)
            except ApiError as error:
                await _send(send, self._fail(error))
            except Exception:  # the status has gone out: a last event is all that can be told
                log.exception("a stream failed")
                await _send(send, self._fail(InternalError("the server failed; see its log")))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(send: Send, piece: bytes) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
