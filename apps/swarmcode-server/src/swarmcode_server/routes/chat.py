"""Chat completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, TypeAlias

from fastapi import APIRouter, Request, Response

from ..asking import ask_of_chat
from ..body import BoundedRoute
from ..context import Server, caller_of, fresh, now, server_of
from ..engines import Ask, Delta
from ..guard import Caller
from ..toolloop import Step, loop, with_server_tools
from ..watched import EventStream, WholeAnswer
from ..wire.chat_answer import ChatEvents, Collected, Heading, chat_object
from ..wire.chat_request import ChatRequest
from ..wire.fields import SwarmCode
from ..wire.sse import DONE
from .documented import CHAT_ANSWERS
from .tools import check_enabled

Work: TypeAlias = Callable[[], AsyncGenerator[Delta | Step, None]]

router = APIRouter(route_class=BoundedRoute, tags=["chat"])


@router.post("/v1/chat/completions", responses=CHAT_ANSWERS)
async def chat_completions(body: ChatRequest, request: Request) -> Response:
    """Go on with a conversation, whole or as a stream of events."""
    server, caller = server_of(request), caller_of(request)
    ask = ask_of_chat(body, server.settings, passes_unknown=server.passes_unknown)
    work = _looping(server, caller, ask, body) or partial(_asking, server, caller, ask)
    heading = Heading(fresh("chatcmpl-"), now(), body.model)
    if not body.stream:
        return WholeAnswer(lambda: _whole(work(), heading, logprobs=ask.logprobs is not None))
    options = body.stream_options
    encoder = ChatEvents(
        heading,
        include_usage=bool(options and options.include_usage),
        logprobs=ask.logprobs is not None,
    )
    return EventStream(_stream(work(), encoder))


def _looping(server: Server, caller: Caller, ask: Ask, body: ChatRequest) -> Work | None:
    """The tool loop, where the request or the server asks for it. Raises ApiError."""
    wanted = body.swarmcode or SwarmCode()
    automatic = server.settings.auto_tools if wanted.auto_tools is None else wanted.auto_tools
    if not automatic:
        return None
    check_enabled(server)
    server.guard.check(caller, "tools")
    ours = tuple(server.workspaces.tools.definitions())
    most = min(wanted.max_steps or server.settings.limits.steps, server.settings.limits.steps)
    whole = with_server_tools(ask, ours)
    names = frozenset(str(tool["function"]["name"]) for tool in ours)
    return lambda: _loop(server, caller, whole, wanted.session, names, most)


async def _loop(
    server: Server, caller: Caller, ask: Ask, session: str | None, ours: frozenset[str], most: int
) -> AsyncGenerator[Delta | Step, None]:
    async with (
        server.guard.admit(caller),
        server.workspaces.session(caller.name, session) as workspace,
        aclosing(
            loop(ask, lambda a: server.ask(a, caller), workspace, ours=ours, most=most)
        ) as pieces,
    ):
        async for piece in pieces:
            yield piece


async def _asking(server: Server, caller: Caller, ask: Ask) -> AsyncGenerator[Delta | Step, None]:
    async with server.guard.admit(caller), aclosing(server.ask(ask, caller)) as deltas:
        async for delta in deltas:
            yield delta


async def _whole(
    pieces: AsyncGenerator[Delta | Step, None], heading: Heading, *, logprobs: bool
) -> dict[str, Any]:
    answer, steps = Collected(), []
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Step):
                steps.append(piece.as_field())
            else:
                answer.take(piece)
    more = {"swarmcode": {"steps": steps}} if steps else {}
    return chat_object(heading, answer, logprobs=logprobs, more=more)


async def _stream(
    pieces: AsyncGenerator[Delta | Step, None], encoder: ChatEvents
) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Step):
                yield encoder.aside({"swarmcode": piece.as_field()})
            elif data := encoder.encode(piece):
                yield data
    yield DONE
