"""The responses API: the same answers as chat completions, told as items."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from ..asking import ask_of_chat
from ..body import BoundedRoute
from ..context import Server, caller_of, fresh, now, server_of
from ..engines import Ask
from ..guard import Caller
from ..stored import Stored
from ..watched import EventStream, WholeAnswer
from ..wire.chat_answer import Heading
from ..wire.chat_request import ChatRequest
from ..wire.responses_answer import Event, ResponseWriter, encoded
from ..wire.responses_request import ResponsesRequest
from .documented import ERRORS, RESPONSE_ANSWERS

router = APIRouter(route_class=BoundedRoute, tags=["responses"])


@router.post("/v1/responses", responses=RESPONSE_ANSWERS)
async def respond(body: ResponsesRequest, request: Request) -> Response:
    """Answer items, whole or as a stream of events."""
    server, caller = server_of(request), caller_of(request)
    chat = _chat(body, _before(server, caller, body))
    ask = ask_of_chat(chat, server.settings, passes_unknown=server.passes_unknown)
    writer = ResponseWriter(Heading(fresh("resp_"), now(), body.model), _settings(body, ask))

    def done() -> None:
        if body.store is not False:
            message = writer.collected.first().message()
            own = [m for m in ask.messages if m["role"] not in {"system", "developer"}]
            server.stored.keep(caller.name, Stored(writer.object, [*own, message]))

    if not body.stream:
        return WholeAnswer(lambda: _whole(server, ask, caller, writer, done))
    return EventStream(_stream(server, ask, caller, writer, done), fail=writer.fail)


@router.get("/v1/responses/{name}", responses=ERRORS)
async def retrieve(name: str, request: Request) -> dict[str, Any]:
    """Show a response that is still kept."""
    return server_of(request).stored.find(caller_of(request).name, name).response


@router.delete("/v1/responses/{name}", responses=ERRORS)
async def delete(name: str, request: Request) -> dict[str, Any]:
    """Forget a response."""
    server_of(request).stored.forget(caller_of(request).name, name)
    return {"id": name, "object": "response", "deleted": True}


def _before(server: Server, caller: Caller, body: ResponsesRequest) -> list[dict[str, Any]]:
    name = body.previous_response_id
    if name is None:
        return []
    return server.stored.find(caller.name, name, param="previous_response_id").messages


def _chat(body: ResponsesRequest, before: list[dict[str, Any]]) -> ChatRequest:
    """The request as a chat completion's, whose checks hold here too."""
    try:
        return ChatRequest.model_validate(body.as_chat(before))
    except ValidationError as error:
        located = [{**found, "loc": ("body", *found["loc"])} for found in error.errors()]
        raise RequestValidationError(located) from None


def _settings(body: ResponsesRequest, ask: Ask) -> dict[str, Any]:
    """What was asked for, as the response repeats it."""
    choice = body.tool_choice
    format_ = body.text.format if body.text else None
    return {
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "metadata": body.metadata or {},
        "parallel_tool_calls": ask.parallel_tool_calls,
        "previous_response_id": body.previous_response_id,
        "reasoning": {"effort": None, "summary": None},
        "store": body.store is not False,
        "temperature": ask.sampling.temperature,
        "text": {
            "format": format_.model_dump(by_alias=True, exclude_none=True)
            if format_
            else {"type": "text"}
        },
        "tool_choice": choice if choice is None or isinstance(choice, str) else choice.model_dump(),
        "tools": [
            {"strict": None, "parameters": None, **tool.model_dump(exclude_unset=True)}
            for tool in body.tools or ()
        ],
        "top_p": ask.sampling.top_p,
        "truncation": "disabled",
    } | ({"tool_choice": "auto"} if choice is None else {})


async def _events(
    server: Server, ask: Ask, caller: Caller, writer: ResponseWriter
) -> AsyncGenerator[Event, None]:
    begun = False
    async with server.guard.admit(caller), aclosing(server.ask(ask, caller)) as deltas:
        async for delta in deltas:
            if not begun:
                begun = True
                for told in writer.begin():
                    yield told
            for told in writer.take(delta):
                yield told
    for told in writer.end():
        yield told


async def _whole(
    server: Server, ask: Ask, caller: Caller, writer: ResponseWriter, done: Callable[[], None]
) -> dict[str, Any]:
    async with aclosing(_events(server, ask, caller, writer)) as events:
        async for _ in events:
            pass
    done()
    return writer.object


async def _stream(
    server: Server, ask: Ask, caller: Caller, writer: ResponseWriter, done: Callable[[], None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(_events(server, ask, caller, writer)) as events:
        async for told in events:
            if told["type"] in {"response.completed", "response.incomplete"}:
                done()
            yield encoded(told)
