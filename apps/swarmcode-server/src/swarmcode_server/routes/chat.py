"""Chat completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response

from ..asking import ask_of_chat
from ..body import BoundedRoute
from ..context import Server, caller_of, fresh, now, server_of
from ..engines import Ask
from ..guard import Caller
from ..watched import EventStream, WholeAnswer
from ..wire.chat_answer import ChatEvents, Collected, Heading, chat_object
from ..wire.chat_request import ChatRequest
from ..wire.sse import DONE
from .documented import CHAT_ANSWERS

router = APIRouter(route_class=BoundedRoute, tags=["chat"])


@router.post("/v1/chat/completions", responses=CHAT_ANSWERS)
async def chat_completions(body: ChatRequest, request: Request) -> Response:
    """Go on with a conversation, whole or as a stream of events."""
    server, caller = server_of(request), caller_of(request)
    ask = ask_of_chat(body, server.settings, passes_unknown=server.passes_unknown)
    heading = Heading(fresh("chatcmpl-"), now(), body.model)
    if not body.stream:
        return WholeAnswer(lambda: _whole(server, ask, caller, heading))
    options = body.stream_options
    encoder = ChatEvents(
        heading,
        include_usage=bool(options and options.include_usage),
        logprobs=ask.logprobs is not None,
    )
    return EventStream(_stream(server, ask, caller, encoder))


async def _whole(server: Server, ask: Ask, caller: Caller, heading: Heading) -> dict[str, Any]:
    answer = Collected()
    async with server.guard.admit(caller), aclosing(server.ask(ask, caller)) as deltas:
        async for delta in deltas:
            answer.take(delta)
    return chat_object(heading, answer, logprobs=ask.logprobs is not None, more={})


async def _stream(
    server: Server, ask: Ask, caller: Caller, encoder: ChatEvents
) -> AsyncGenerator[bytes, None]:
    async with server.guard.admit(caller), aclosing(server.ask(ask, caller)) as deltas:
        async for delta in deltas:
            if piece := encoder.encode(delta):
                yield piece
    yield DONE
