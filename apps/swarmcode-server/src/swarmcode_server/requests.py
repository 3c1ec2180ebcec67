"""Every request has an id, which its answer and its log line carry."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

request_id: ContextVar[str] = ContextVar("request_id", default="")  # of the request under way
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,128}")
log = logging.getLogger("swarmcode_server.requests")
Count = Callable[[str, int], None]  # takes a route and a status


class RequestIds:
    """Takes the client's `x-request-id` where it is a plain one, and makes one otherwise."""

    def __init__(self, app: ASGIApp, *, count: Count) -> None:
        self._app, self._count = app, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its id, and the answer back with it; then log both."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier, began, status = _identifier(scope), time.perf_counter(), 0
        state = scope.setdefault("state", {})
        state["request_id"] = identifier
        request_id.set(identifier)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = identifier
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._finish(scope, state, status, time.perf_counter() - began)

    def _finish(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", None) or "unknown"
        self._count(path, status)
        told = {
            "method": scope["method"],
            "route": path,
            "status": status,
            "seconds": round(seconds, 4),
            **state.get("told", {}),
        }
        if state.get("left"):
            told["left"] = True
        quiet = path in {"/health", "/ready", "/metrics"}
        log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"told": told})


def _identifier(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _GIVEN.fullmatch(given) else f"req_{secrets.token_hex(12)}"
