"""Whether the server lives, and whether it can answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from ..body import BoundedRoute
from ..context import server_of
from ..telemetry.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"])
guarded = APIRouter(route_class=BoundedRoute, tags=["health"])


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """Say that the process lives, and what it serves."""
    server = server_of(request)
    models = await server.engine.models()
    return {
        "status": "healthy",
        "model": models[0].name if models else None,
        "tools_enabled": server.settings.enable_tools,
    }


@router.get("/ready", responses={503: {"description": "It cannot answer now; `problem` says why."}})
async def ready(request: Request) -> Response:
    """Say whether a question would be answered now."""
    server = server_of(request)
    problem = "the server is stopping" if server.guard.draining else server.engine.problem()
    if problem is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse(
        {"status": "not ready", "problem": problem}, 503, headers={"retry-after": "1"}
    )


@guarded.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Show the numbers, as Prometheus reads them."""
    server = server_of(request)
    server.metrics.sessions.set(len(server.workspaces))
    return Response(server.metrics.page(), media_type=CONTENT_TYPE)
