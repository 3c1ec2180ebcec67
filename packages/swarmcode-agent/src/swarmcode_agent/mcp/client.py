"""The tools of another MCP server, as the loop's environment or beside one's own.

What another server says is untrusted: its descriptions reach the model, its answers are cut to a
model's window, and a call that hangs ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import McpError
from ..loop import Environment
from ..tools.declare import Declaration, Parameter
from ..tools.result import ToolResult, failed
from ..tools.truncate import cut_middle
from ..tools.validate import validated
from .server import library

if TYPE_CHECKING:
    from mcp import Client, StdioServerParameters


class McpTools:
    """Another server's tools. Enter it to connect, to a URL or to a command's standard streams.

    `prefix` is put before each tool's name, so that two servers may have tools of one name.
    """

    def __init__(
        self,
        server: str | StdioServerParameters | Sequence[str],
        *,
        prefix: str = "",
        timeout: float = 60.0,
    ) -> None:
        self._server, self._prefix, self._timeout = server, prefix, timeout
        self._stack = AsyncExitStack()
        self._client: Client | None = None
        self._tools: dict[str, tuple[str, dict[str, Any]]] = {}

    async def __aenter__(self) -> McpTools:
        library_ = library("mcp")
        target = self._server
        if not isinstance(target, str) and isinstance(target, Sequence):
            target = library_.StdioServerParameters(command=target[0], args=list(target[1:]))
        try:
            client = library_.Client(target, read_timeout_seconds=self._timeout)
            self._client = await self._stack.enter_async_context(client)
            await self._read_tools()
        except BaseException as error:
            await self._stack.aclose()
            if isinstance(error, Exception):
                raise McpError(f"the MCP server {self._server!r}: {_deepest(error)}") from error
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _read_tools(self) -> None:
        cursor: str | None = None
        while True:
            page = await self._connected().list_tools(cursor=cursor)
            for tool in page.tools:
                schema = {"description": tool.description or "", "schema": tool.input_schema}
                self._tools[f"{self._prefix}{tool.name}"] = (tool.name, schema)
            cursor = page.next_cursor
            if cursor is None:
                return

    def _connected(self) -> Client:
        if self._client is None:
            raise McpError("not connected; use `async with McpTools(…) as tools:`")
        return self._client

    def tool_definitions(self) -> Sequence[Mapping[str, Any]]:
        """The server's tools, as OpenAI's function schemas."""
        return [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": told["description"],
                    "parameters": told["schema"],
                },
            }
            for name, (_, told) in self._tools.items()
        ]

    async def execute(self, name: str, args: str | Mapping[str, Any]) -> ToolResult:
        """Call one of the server's tools; what goes wrong is the answer."""
        if name not in self._tools:
            return failed(f"unknown tool {name!r}; there are {', '.join(self._tools)}")
        own, _ = self._tools[name]
        try:
            arguments = validated(_ANY, {"value": _object(args)})["value"]
            answer = await self._connected().call_tool(own, dict(arguments))
        except Exception as error:  # noqa: BLE001 - the library raises many kinds; all are answers
            return failed(f"{name}: {_deepest(error)}")
        text = cut_middle("\n".join(_shown(part) for part in answer.content))
        if answer.is_error:
            return failed(text or "the tool failed")
        return ToolResult(success=True, output=text)

    async def final_patch(self) -> str:
        """Return nothing: what another server changes is not ours to see."""
        return ""


_ANY = Declaration("call", "", (Parameter("value", {"type": "object"}, required=True),))


def _object(args: str | Mapping[str, Any]) -> object:
    import json

    return json.loads(args or "{}") if isinstance(args, str) else dict(args)


def _shown(part: Any) -> str:
    text = getattr(part, "text", None)
    return str(text) if text is not None else f"[{part.type} that cannot be shown as text]"


def _deepest(error: BaseException) -> str:
    """Say the cause that a group of errors was made of."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


class CombinedEnvironment:
    """One's own environment, and the tools of further ones beside it."""

    def __init__(self, own: Environment, *others: Environment) -> None:
        self._all = (own, *others)

    def tool_definitions(self) -> Sequence[Mapping[str, Any]]:
        """Every tool; where two have one name, the first one counts."""
        found: dict[str, Mapping[str, Any]] = {}
        for environment in self._all:
            for tool in environment.tool_definitions():
                found.setdefault(str(tool["function"]["name"]), tool)
        return list(found.values())

    async def execute(self, name: str, args: str) -> ToolResult:
        """Call a tool where it is."""
        for environment in self._all:
            if any(tool["function"]["name"] == name for tool in environment.tool_definitions()):
                return await environment.execute(name, args)
        return await self._all[0].execute(name, args)

    async def final_patch(self) -> str:
        """What was changed in one's own."""
        return await self._all[0].final_patch()
