"""Request bodies: bounded in size, in time and in depth before anything else looks at them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from swarmcode_agent import untrusted_json

from .errors import BadRequestError, SlowRequestError, TooLargeError
from .guard import Guard
from .settings import Limits


class BoundedRoute(APIRoute):
    """Asks who it is, then reads a body of bounded size, time and depth, then goes on."""

    scope: ClassVar[str | None] = None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put both before FastAPI's own handler."""
        inner = super().get_route_handler()
        takes_body = self.body_field is not None

        async def handler(request: Request) -> Response:
            guard: Guard = request.app.state.guard
            authorization, host = request.headers.get("authorization"), request.headers.get("host")
            caller = guard.caller(authorization, host=host)
            request.state.caller = caller
            request.state.told = caller.told
            caller.told["caller"] = caller.name
            if self.scope is not None:
                guard.check(caller, self.scope)
            if takes_body:
                await load(request, request.app.state.settings.limits)
            return await inner(request)

        return handler


class ToolRoute(BoundedRoute):
    """For those who may run tools."""

    scope = "tools"


class AdminRoute(BoundedRoute):
    """For those who may change the server."""

    scope = "admin"


async def load(request: Request, limits: Limits) -> None:
    """Read the body and its JSON, so that `request.json()` gives it."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            body = await _read(request, limits)
    except TimeoutError:
        raise SlowRequestError(
            f"the request did not arrive within {limits.body_seconds:g} s"
        ) from None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequestError(f"content-type is {kind or 'missing'}: send application/json")
    request._body = body  # where starlette keeps what was read
    request._json = parsed(body)


def parsed(body: bytes) -> object:
    """Return what a body says. Raises BadRequestError."""
    try:
        value = untrusted_json.loads(body)
        if b"\\u" in body:  # half of a character, escaped: no text can hold it
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise BadRequestError("the body is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the body is not JSON: {error}", code="invalid_json") from None
    return value


async def _read(request: Request, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > limits.body_bytes:
                raise _too_large(limits)
    except ClientDisconnect:
        raise BadRequestError("the client left before its request had arrived") from None
    return b"".join(parts)


def _too_large(limits: Limits) -> TooLargeError:
    return TooLargeError(
        f"the request is larger than {limits.body_bytes} bytes", code="request_too_large"
    )
