"""An MCP server with the tools of a workspace, over standard input and output or over HTTP.

Over HTTP it listens on this machine alone, refuses other hosts and origins (a page in a browser
must not reach it), and asks for a bearer token where it is given one.
"""

from __future__ import annotations

import hmac
import importlib
from typing import TYPE_CHECKING, Any

from ..errors import McpError, MissingExtraError
from ..tools import AgentTools

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

INSTRUCTIONS = "Read, search, edit and test the files of one workspace. Paths are relative to it."


def make_server(tools: AgentTools) -> Server[Any]:
    """Return a server that lists and calls these tools."""
    lowlevel, types = library("mcp.server.lowlevel"), library("mcp.types")
    declared = [types.Tool(**declaration.for_mcp()) for declaration in tools.declarations()]

    async def list_tools(*_: object) -> Any:
        return types.ListToolsResult(tools=declared)

    async def call_tool(_: object, params: Any) -> Any:
        answer = await tools.execute(params.name, params.arguments or {})
        content = [types.TextContent(type="text", text=answer.text)]
        return types.CallToolResult(content=content, isError=not answer.success)

    server: Server[Any] = lowlevel.Server(
        "swarmcode",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    return server


async def serve_stdio(tools: AgentTools) -> None:
    """Serve one client on standard input and output, until it leaves."""
    server, stdio = make_server(tools), library("mcp.server.stdio")
    async with stdio.stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def http_app(tools: AgentTools, *, host: str = "127.0.0.1", token: str | None = None) -> ASGIApp:
    """Return the streamable HTTP server, at `/mcp`, as an ASGI application.

    Without a token it is for this machine alone: `serve_http` refuses other hosts.
    """
    app: Starlette = make_server(tools).streamable_http_app(host=host)
    return app if token is None else _WithToken(app, token)


async def serve_http(
    tools: AgentTools, *, host: str = "127.0.0.1", port: int = 8765, token: str | None = None
) -> None:
    """Serve over HTTP until cancelled. Raises McpError for other hosts without a token."""
    if host not in {"127.0.0.1", "localhost", "::1"} and token is None:
        raise McpError(f"a token is required to serve on {host!r}; on 127.0.0.1 it is not")
    uvicorn = library("uvicorn")
    app = http_app(tools, host=host, token=token)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning")
    await uvicorn.Server(config).serve()


class _WithToken:
    """Refuses every request without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                await _refuse(send)
                return
        await self._app(scope, receive, send)


async def _refuse(send: Send) -> None:
    headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": b"a bearer token is required\n"})


def library(name: str) -> Any:
    """Import a module of the extra. Raises MissingExtraError that says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError("MCP", extra="mcp") from None
