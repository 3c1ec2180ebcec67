"""The server's own tools: what there are, running one, and the workspaces they run in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Strict

from ..body import BoundedRoute, ToolRoute
from ..context import Server, caller_of, server_of
from ..errors import ForbiddenError
from ..guard import Caller
from ..watched import WholeAnswer
from ..wire.fields import SESSION
from .documented import ERRORS

listing = APIRouter(route_class=BoundedRoute, tags=["tools"])
running = APIRouter(route_class=ToolRoute, tags=["tools"])
SessionName = Annotated[str, Field(pattern=SESSION)]


class ExecuteRequest(BaseModel):
    """One call of a tool, in a session where one is named."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "list_files", "arguments": {"path": "."}}]},
    )

    name: Annotated[
        str,
        Strict(),
        Field(max_length=64, validation_alias=AliasChoices("name", "tool", "tool_name")),
    ]
    arguments: Annotated[
        dict[str, Any],
        Field(validation_alias=AliasChoices("arguments", "args", "parameters")),
    ] = Field(default_factory=dict)
    session: Annotated[str, Strict(), Field(pattern=SESSION)] = "default"


@listing.get("/v1/tools")
async def tools(request: Request) -> dict[str, Any]:
    """List the tools, as OpenAI's function schemas."""
    server = server_of(request)
    found = list(server.workspaces.tools.definitions()) if server.settings.enable_tools else []
    return {"object": "list", "tools": found}


@running.post("/v1/tools/execute", responses=ERRORS)
async def execute(body: ExecuteRequest, request: Request) -> Response:
    """Run one call in the caller's session."""
    server, caller = server_of(request), caller_of(request)
    check_enabled(server)
    return WholeAnswer(lambda: _execute(server, caller, body))


@running.get("/v1/tools/sessions/{name}/patch", responses=ERRORS)
async def patch(name: SessionName, request: Request) -> dict[str, Any]:
    """Show what a session changed, as a unified diff."""
    found = await server_of(request).workspaces.patch(caller_of(request).name, name)
    return {"session": name, "patch": found}


@running.delete("/v1/tools/sessions/{name}", responses=ERRORS)
async def end(name: SessionName, request: Request) -> dict[str, Any]:
    """Delete a session's workspace."""
    await server_of(request).workspaces.end(caller_of(request).name, name)
    return {"session": name, "deleted": True}


def check_enabled(server: Server) -> None:
    """Raise where tools are switched off."""
    if not server.settings.enable_tools:
        raise ForbiddenError("tools are switched off on this server", code="tools_disabled")


async def _execute(server: Server, caller: Caller, body: ExecuteRequest) -> dict[str, Any]:
    async with (
        server.guard.admit(caller),
        server.workspaces.session(caller.name, body.session) as session,
    ):
        outcome = await session.execute(body.name, body.arguments)
    return {
        "result": outcome.text,
        "success": outcome.success,
        "output": outcome.output,
        "error": outcome.error,
        "session": body.session,
    }
