"""Our tools through the official MCP client, and other servers' tools in our loop."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from swarmcode_agent.environment import WorkspaceEnvironment
from swarmcode_agent.errors import McpError
from swarmcode_agent.mcp import CombinedEnvironment, McpTools, serve_http
from swarmcode_agent.tools import AgentTools

mcp = pytest.importorskip("mcp")
COMMAND = [sys.executable, "-m", "swarmcode_agent.mcp"]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "a.txt").write_text("hello\n")
    return root


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def url(workspace: Path) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen([*COMMAND, str(workspace), "--http", str(port)])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/mcp"
    server.terminate()
    server.wait(20)


async def use(client) -> None:
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == [
        declaration.name for declaration in AgentTools.declarations()
    ]
    assert tools[0].input_schema["required"] == ["path"]
    answer = await client.call_tool("read_file", {"path": "a.txt"})
    assert (answer.is_error, answer.content[0].text) == (False, "   1 | hello")
    refused = await client.call_tool("read_file", {"path": "/etc/passwd"})
    assert refused.is_error
    assert "leaves the workspace" in refused.content[0].text
    wrong = await client.call_tool("read_file", {"pth": "a.txt"})
    assert "did you mean 'path'?" in wrong.content[0].text


def test_the_official_client_over_standard_streams(workspace: Path) -> None:
    """Tools are listed with their schemas, called, and refuse what is outside."""

    async def run() -> None:
        where = mcp.StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], str(workspace)])
        async with mcp.Client(where) as client:
            await use(client)

    asyncio.run(run())


def test_the_official_client_over_http(url: str) -> None:
    """The same over streamable HTTP."""

    async def run() -> None:
        async with mcp.Client(url) as client:
            await use(client)

    asyncio.run(run())


def test_a_page_in_a_browser_is_refused(url: str) -> None:
    """Another host name or origin does not reach the tools."""
    import httpx

    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"accept": "application/json, text/event-stream"}
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        answer = httpx.post(url, json=body, headers={**accept, **headers})
        assert answer.status_code in {403, 421}, answer.text


def test_other_hosts_need_a_token(workspace: Path) -> None:
    """Not even started without one."""
    with pytest.raises(McpError, match="a token is required"):
        asyncio.run(serve_http(AgentTools(workspace), host="0.0.0.0"))


def test_a_token_is_asked_for(workspace: Path) -> None:
    """Without it, or with another, 401; with it, the server answers."""
    import httpx

    from swarmcode_agent.mcp import http_app

    async def status(headers: dict[str, str]) -> int:
        app = http_app(AgentTools(workspace), token="s3cret")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            try:
                return (await client.get("/nowhere", headers=headers)).status_code
            except RuntimeError:
                return 200

    assert asyncio.run(status({})) == 401
    assert asyncio.run(status({"authorization": "Bearer other"})) == 401
    assert asyncio.run(status({"authorization": "Bearer s3cret"})) == 404


def test_other_servers_tools_stand_beside_our_own(workspace: Path) -> None:
    """The loop sees one set of tools; a call goes where its tool is; what fails is an answer."""

    async def run() -> None:
        own = WorkspaceEnvironment(AgentTools(workspace))
        async with McpTools([*COMMAND, str(workspace)], prefix="other_") as other:
            both = CombinedEnvironment(own, other)
            names = [tool["function"]["name"] for tool in both.tool_definitions()]
            assert len(names) == 2 * len(AgentTools.declarations())
            assert (await both.execute("other_read_file", '{"path": "a.txt"}')).output == (
                "   1 | hello"
            )
            assert (await both.execute("read_file", '{"path": "a.txt"}')).success
            missing = await both.execute("other_read_file", '{"path": "none"}')
            assert "not found" in (missing.error or "")
            assert not (await both.execute("other_read_file", "[1]")).success
            assert not (await both.execute("other_read_file", "{")).success
            assert "unknown tool" in ((await both.execute("none", "{}")).error or "")
            assert await both.final_patch() == ""

    asyncio.run(run())


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(["/no/such/program"], id="no-program"),
        pytest.param([sys.executable, "-c", "print('not a server')"], id="not-a-server"),
        pytest.param("http://127.0.0.1:9/mcp", id="nothing-there"),
    ],
)
def test_a_server_that_is_none_is_one_clear_error(server) -> None:
    """It names the server and what happened, and nothing of it is left running."""

    async def run() -> None:
        async with McpTools(server, timeout=5.0):
            pass

    with pytest.raises(McpError, match="the MCP server"):
        asyncio.run(run())


def test_a_workspace_that_is_none_is_one_line(tmp_path: Path) -> None:
    """The command says so, without a traceback."""
    run = subprocess.run([*COMMAND, str(tmp_path / "none")], capture_output=True, text=True)
    assert run.returncode == 1
    assert "is not a folder" in run.stderr
    assert "Traceback" not in run.stderr
