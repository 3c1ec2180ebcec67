"""An OpenAI-compatible endpoint: what real servers send, from a real server on loopback."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from swarmcode_agent.backends import EndpointBackend, Message, Request, Sampling, Usage, complete
from swarmcode_agent.errors import BackendError
from swarmcode_agent.toolcalls import Text, ToolCall
from swarmcode_agent.tools import AgentTools

pytest.importorskip("httpx")
TOOLS = tuple(AgentTools.get_tool_definitions())
ASK = Request((Message("user", "hi"),), TOOLS, Sampling(max_tokens=9, seed=1, stop=("END",)))


class Endpoint(ThreadingHTTPServer):
    """Sends what it was given, byte for byte, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, bytes, bool]] = []  # status, body, cut off at the end
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    def will_stream(self, *deltas: dict[str, Any], **extra: Any) -> None:
        lines = [": comment\n\n"]
        for delta in deltas:
            lines.append(f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n")
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], **extra}
        lines += [f"data: {json.dumps(end)}\n\n", "data: [DONE]\n\n"]
        self.answers.append((200, "".join(lines).encode(), False))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append({"path": self.path, **json.loads(body)})
        self.server.keys.append(self.headers["authorization"])
        status, data, cut = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("content-length", str(len(data) + (10 if cut else 0)))
        self.end_headers()
        self.wfile.write(data)
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(endpoint: Endpoint, request: Request = ASK, **options: Any) -> Any:
    async def run() -> Any:
        url = f"http://127.0.0.1:{endpoint.server_port}/v1/"
        backend = EndpointBackend(url, "m", timeout=5.0, **options)
        try:
            return await complete(backend, request)
        finally:
            await backend.aclose()

    return asyncio.run(run())


def test_text_usage_and_what_is_asked(endpoint: Endpoint) -> None:
    """The request is OpenAI's; text comes whole, tokens are counted and priced."""
    endpoint.will_stream(
        {"role": "assistant", "content": "Hel"},
        {"content": "lo"},
        usage={"prompt_tokens": 1000, "completion_tokens": 2},
    )
    done = ask(endpoint, api_key="k", price=(2.0, 4.0))
    assert (done.text, done.calls, done.reason) == ("Hello", (), "stop")
    assert done.usage == Usage(1000, 2, 0.002008)
    [asked] = endpoint.asked
    assert asked["path"] == "/v1/chat/completions"
    assert (asked["model"], asked["stream"], asked["max_tokens"], asked["seed"]) == (
        "m",
        True,
        9,
        1,
    )
    assert asked["messages"] == [{"role": "user", "content": "hi"}]
    assert asked["stop"] == ["END"]
    assert asked["tools"][0]["function"]["name"] == "read_file"
    assert endpoint.keys == ["Bearer k"]


def test_calls_in_parts_and_calls_in_the_text(endpoint: Endpoint) -> None:
    """Parts are put together by their index; calls that were left in the text are found."""
    endpoint.will_stream(
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "search", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "c2", "function": {"name": "list_files"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"pattern":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ' "x"}'}}]},
    )
    done = ask(endpoint)
    assert done.calls == (
        ToolCall("search", '{"pattern": "x"}', "c1"),
        ToolCall("list_files", "{}", "c2"),
    )
    assert done.reason == "tool_calls"
    endpoint.will_stream({"content": 'So: <tool_call>{"name": "search", '},
                         {"content": '"arguments": {"pattern": "y"}}</tool_call>'})  # fmt: skip
    done = ask(endpoint)
    assert done.text == "So:"
    assert done.calls == (ToolCall("search", '{"pattern": "y"}', "call_1_0"),)
    assert done.reason == "tool_calls"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_again(endpoint: Endpoint, status: int) -> None:
    """Before the first token, and not for ever."""
    endpoint.answers.append((status, b'{"error": {"message": "busy"}}', False))
    endpoint.will_stream({"content": "ok"})
    assert ask(endpoint, retries=1).text == "ok"
    endpoint.answers += [(status, b'{"error": {"message": "busy"}}', False)] * 2
    with pytest.raises(BackendError, match=f"answered {status}: busy") as caught:
        ask(endpoint, retries=1)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "body", "cut", "says"),
    [
        pytest.param(
            404, b'{"error": {"message": "no such model"}}', False, "no such model", id="4"
        ),
        pytest.param(401, b"go away", False, "go away", id="text"),
        pytest.param(400, b'["odd"]', False, "odd", id="another-shape"),
        pytest.param(200, b"data: {oops\n\n", False, "not an event", id="broken-json"),
        pytest.param(200, b"data: [1]\n\n", False, "not an event", id="a-list"),
        pytest.param(
            200, b'data: {"error": {"message": "oom"}}\n\n', False, "oom", id="mid-stream"
        ),
        pytest.param(200, b'data: {"choices": [3]}\n\n', False, "another shape", id="garbage"),
        pytest.param(200, b'data: {"choices": []}\n\n', True, "cannot be reached", id="cut-off"),
    ],
)
def test_other_failures_are_one_clear_error(
    endpoint: Endpoint, status: int, body: bytes, cut: bool, says: str
) -> None:
    """What the endpoint said, and nothing tried twice that would not help."""
    endpoint.answers += [(status, body, cut)]
    with pytest.raises(BackendError, match=says):
        ask(endpoint, retries=0)
    assert len(endpoint.asked) == 1


def test_an_endpoint_that_is_not_there() -> None:
    """It says where it looked and what to check."""

    async def run() -> None:
        backend = EndpointBackend("http://127.0.0.1:9/v1", "m", retries=0, timeout=2.0)
        try:
            await complete(backend, ASK)
        finally:
            await backend.aclose()

    with pytest.raises(BackendError, match="is it running"):
        asyncio.run(run())


def test_text_comes_as_it_is_streamed(endpoint: Endpoint) -> None:
    """Not held back to the end; leaving early closes the stream."""
    endpoint.will_stream({"content": "one "}, {"content": "two"})

    async def first() -> object:
        url = f"http://127.0.0.1:{endpoint.server_port}/v1"
        backend = EndpointBackend(url, "m")
        stream = backend.stream(Request((Message("user", "hi"),)))
        try:
            return await anext(stream)
        finally:
            await stream.aclose()
            await backend.aclose()

    assert asyncio.run(first()) == Text("one ")
