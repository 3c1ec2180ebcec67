"""Completions: text that is gone on with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from ..asking import asks_of_completion
from ..body import BoundedRoute
from ..context import Server, caller_of, fresh, now, server_of
from ..engines import Ask, Delta, Usage
from ..engines.merge import merged
from ..guard import Caller
from ..watched import EventStream, WholeAnswer
from ..wire.chat_answer import Heading
from ..wire.completion_answer import CompletionAnswer
from ..wire.completion_request import CompletionRequest
from ..wire.sse import DONE
from .documented import COMPLETION_ANSWERS

router = APIRouter(route_class=BoundedRoute, tags=["completions"])


@router.post("/v1/completions", responses=COMPLETION_ANSWERS)
async def completions(body: CompletionRequest, request: Request) -> Response:
    """Go on with one or several texts."""
    server, caller = server_of(request), caller_of(request)
    asks = asks_of_completion(body, server.settings, passes_unknown=server.passes_unknown)
    answer = CompletionAnswer(
        Heading(fresh("cmpl-"), now(), body.model),
        echoes=[echo for ask in asks for echo in await _echoes(server, ask, body)],
        logprobs=body.logprobs is not None,
    )
    if not body.stream:
        return WholeAnswer(lambda: _whole(server, asks, caller, answer))
    usage = bool(body.stream_options and body.stream_options.include_usage)
    return EventStream(_stream(server, asks, caller, answer, include_usage=usage))


async def _echoes(server: Server, ask: Ask, body: CompletionRequest) -> list[str]:
    if not body.echo:
        return [""] * ask.choices
    return [await server.engine.written(ask)] * ask.choices


async def _whole(
    server: Server, asks: Sequence[Ask], caller: Caller, answer: CompletionAnswer
) -> dict[str, Any]:
    async with server.guard.admit(caller), aclosing(_all(server, asks, caller)) as deltas:
        async for delta in deltas:
            answer.take(delta)
    return answer.whole()


async def _stream(
    server: Server,
    asks: Sequence[Ask],
    caller: Caller,
    answer: CompletionAnswer,
    *,
    include_usage: bool,
) -> AsyncGenerator[bytes, None]:
    async with server.guard.admit(caller), aclosing(_all(server, asks, caller)) as deltas:
        async for delta in deltas:
            if piece := answer.events(delta, include_usage=include_usage):
                yield piece
    yield DONE


async def _all(server: Server, asks: Sequence[Ask], caller: Caller) -> AsyncGenerator[Delta, None]:
    """Answer every prompt at once; choices are numbered through, usage is summed."""
    streams = [_numbered(server, ask, caller, n * ask.choices) for n, ask in enumerate(asks)]
    total: Usage | None = None
    async with aclosing(streams[0] if len(streams) == 1 else merged(streams)) as deltas:
        async for delta in deltas:
            if isinstance(delta, Usage):
                total = delta if total is None else total + delta
            else:
                yield delta
    if total is not None:
        yield total


async def _numbered(
    server: Server, ask: Ask, caller: Caller, first: int
) -> AsyncGenerator[Delta, None]:
    async with aclosing(server.ask(ask, caller)) as deltas:
        async for delta in deltas:
            yield delta if isinstance(delta, Usage) else replace(delta, choice=delta.choice + first)
