"""Upstreams: what they stream passes through, what fails is told, and another is tried first."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from swarmcode_server.engines.upstream.events import EventReader

CHUNK = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": None}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def sse(*events: object) -> bytes:
    told = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return "".join(f"data: {event}\n\n" for event in told).encode()


@contextlib.contextmanager
def writer_of(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()


class Odd:
    """An upstream that answers with the bytes it is given, written by hand on a socket."""

    def __init__(self, status: str, kind: str, *pieces: bytes | float, head: str = "") -> None:
        self.asked: list[dict] = []
        self._status, self._kind, self._pieces, self._head = status, kind, pieces, head
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # in which the transports close

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), writer_of(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if head.startswith("GET"):
                await self._answer(writer, "200 OK", "application/json", b'{"data":[{"id":"m"}]}')
            else:
                size = next(
                    int(line.split(":")[1])
                    for line in head.splitlines()
                    if line.lower().startswith("content-length")
                )
                self.asked.append(json.loads(await reader.readexactly(size)))
                await self._answer(writer, self._status, self._kind, *self._pieces)

    async def _answer(
        self, writer: asyncio.StreamWriter, status: str, kind: str, *pieces: bytes | float
    ) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n{self._head}\r\n"
        writer.write(head.encode())
        for piece in pieces:
            if isinstance(piece, float):
                await writer.drain()
                await asyncio.sleep(piece)
            else:
                writer.write(piece)
        await writer.drain()

    def __enter__(self) -> "Odd":
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()


EVENTS = "text/event-stream"
ASK = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("odd", "status", "said"),
    [
        pytest.param(("500 Oh", "text/plain", b"broken"), 502, "answered 500: broken", id="500"),
        pytest.param(("200 OK", "text/html", b"<p>hello"), 502, "not events", id="html"),
        pytest.param(("200 OK", EVENTS, b"data: {x\n\n"), 502, "not an event", id="no-json"),
        pytest.param(("200 OK", EVENTS, b"data: [1]\n\n"), 502, "not an event", id="no-object"),
        pytest.param(
            ("200 OK", EVENTS, sse({"choices": [{"index": 7, "delta": {}}]})),
            502,
            "another shape",
            id="index-out-of-range",
        ),
        pytest.param(("200 OK", EVENTS, sse({"choices": 5})), 502, "another shape", id="shape"),
        pytest.param(("200 OK", EVENTS, sse("[DONE]")), 502, "in the middle", id="nothing"),
        pytest.param(
            ("200 OK", EVENTS, sse({"error": {"message": "no memory"}})),
            502,
            "no memory",
            id="error",
        ),
        pytest.param(("200 OK", EVENTS, 5.0), 504, "said nothing for 0.3 s", id="hangs"),
        pytest.param(
            ("400 Bad", "application/json", b'{"error":{"message":"too long","code":"c"}}'),
            400,
            "too long",
            id="its-400",
        ),
        pytest.param(("401 No", "text/plain", b"key?"), 502, "this server's own key", id="its-401"),
        pytest.param(("429 Slow", "text/plain", b"slow"), 429, "slow", id="its-429"),
        pytest.param(("422 No", "text/plain", b"\xff\xfe"), 400, "", id="not-utf-8"),
    ],
)
def test_what_fails_before_the_first_piece_has_its_status(
    recorded_proxy: Callable, odd: tuple, status: int, said: str
) -> None:
    """A whole answer and a stream say the same, and the server goes on."""
    with (
        Odd(*odd) as upstream,
        recorded_proxy({"url": upstream.url, "idle_seconds": 0.3}) as client,
    ):
        for stream in (False, True):
            answer = client.post("/v1/chat/completions", json={**ASK, "stream": stream})
            assert answer.status_code == status, answer.text
            assert said in answer.json()["error"]["message"]
        if status == 429:
            assert answer.headers["retry-after"]
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        pytest.param((sse(CHUNK),), "server_error", id="ends"),
        pytest.param((sse(CHUNK), b"data: garbage\n\n"), "server_error", id="garbage"),
        pytest.param((sse(CHUNK), 5.0), "server_error", id="hangs"),
    ],
)
def test_what_fails_after_the_first_piece_is_an_event(
    recorded_proxy: Callable, pieces: tuple, kind: str
) -> None:
    """The text that came is kept, the error follows, and DONE does not."""
    with (
        Odd("200 OK", EVENTS, *pieces) as upstream,
        recorded_proxy({"url": upstream.url, "idle_seconds": 0.3}) as client,
    ):
        answer = client.post("/v1/chat/completions", json={**ASK, "stream": True})
    events = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert json.loads(events[1])["choices"][0]["delta"] == {"content": "hi"}
    assert json.loads(events[-1])["error"]["type"] == kind
    assert len(upstream.asked) == 1, "half an answer is not asked for again"


def test_pieces_are_not_held_back(recorded_proxy: Callable) -> None:
    """The first piece is here long before the upstream sends its second."""
    slow = (sse(CHUNK), 1.0, sse(END, "[DONE]"))
    with Odd("200 OK", EVENTS, *slow) as upstream, recorded_proxy({"url": upstream.url}) as client:
        started = time.monotonic()
        with client.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as answer:
            lines = answer.iter_lines()
            while "hi" not in next(lines):
                pass
            first = time.monotonic() - started
            rest = list(lines)
    assert first < 0.7
    assert rest[-2:] == ["data: [DONE]", ""]


def test_an_upstream_is_asked_what_the_client_said(recorded_proxy: Callable) -> None:
    """Fields that we do not know go on, our defaults do not; names are translated."""
    said = {**ASK, "model": "mine", "guided_choice": ["a"], "top_k": 3, "seed": 5}
    with (
        Odd("200 OK", EVENTS, sse(CHUNK, END, "[DONE]")) as upstream,
        recorded_proxy({"url": upstream.url, "models": {"mine": "m"}}) as client,
    ):
        answer = client.post("/v1/chat/completions", json=said).json()
    assert answer["model"] == "mine"
    assert answer["usage"] is None, "a count that nobody made is not made up"
    [asked] = upstream.asked
    assert asked == {
        "model": "m",
        "messages": ASK["messages"],
        "guided_choice": ["a"],
        "top_k": 3,
        "seed": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_fields_of_a_delta_that_we_do_not_know_pass_through(recorded_proxy: Callable) -> None:
    """Such as a model's reasoning, in both modes."""
    thinking = [{"choices": [{"index": 0, "delta": {"reasoning": r}}]} for r in ("a", "b")]
    with (
        Odd("200 OK", EVENTS, sse(*thinking, CHUNK, END, "[DONE]")) as upstream,
        recorded_proxy({"url": upstream.url}) as client,
    ):
        whole = client.post("/v1/chat/completions", json=ASK).json()
        stream = client.post("/v1/chat/completions", json={**ASK, "stream": True}).text
    assert whole["choices"][0]["message"]["reasoning"] == "ab"
    assert whole["choices"][0]["message"]["content"] == "hi"
    assert '{"reasoning":"a"}' in stream


def test_another_upstream_is_asked_before_the_first_token(
    recorded: Callable, recorded_server: Callable, recorded_proxy: Callable
) -> None:
    """One that fails is passed over, and not asked first again."""
    source = recorded(name="m")
    with (
        Odd("500 Oh", "text/plain", b"x") as broken,
        recorded_server(source) as good,
        recorded_proxy({"url": broken.url}, {"url": good.v1}) as client,
    ):
        for _ in range(3):
            answer = client.post("/v1/chat/completions", json=ASK)
            assert answer.status_code == 200
        assert client.get("/ready").status_code == 200
    assert len(broken.asked) == 1


def test_no_upstream_is_no_crash(recorded_proxy: Callable) -> None:
    """Not ready, no models, a clear error; and once it is there, it answers."""
    with recorded_proxy({"url": "http://127.0.0.1:9/v1"}) as client:
        assert client.get("/ready").status_code == 503
        assert client.get("/v1/models").json()["data"] == []
        assert client.post("/v1/chat/completions", json=ASK).status_code == 404


def test_an_upstream_that_comes_back_is_seen(
    recorded: Callable, recorded_server: Callable, recorded_proxy: Callable
) -> None:
    """Health checks find it dead, and then alive again."""
    with recorded_server(recorded(name="m")) as first:
        port = int(first.url.rsplit(":", 1)[1])
        with recorded_proxy({"url": first.v1, "health_seconds": 0.05}) as client:
            assert client.get("/ready").status_code == 200
            first.server.should_exit = True
            _eventually(lambda: client.get("/ready").status_code == 503)
            with recorded_server(recorded(name="m"), at=port):
                _eventually(lambda: client.get("/ready").status_code == 200)
                assert client.post("/v1/chat/completions", json=ASK).status_code == 200


def test_a_client_that_leaves_stops_the_upstream(
    recorded: Callable, recorded_server: Callable, recorded_proxy: Callable
) -> None:
    """Through the proxy as without it."""
    source = recorded(name="m", delay=0.02)
    many = {**ASK, "messages": [{"role": "user", "content": "say: " + "x " * 500}], "stream": True}
    with recorded_server(source) as upstream, recorded_proxy({"url": upstream.v1}) as client:
        with client.stream("POST", "/v1/chat/completions", json=many) as answer:
            next(answer.iter_lines())
        _eventually(lambda: source.running == 0)
        assert source.generated < 100


def _eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_do_not_depend_on_how_bytes_are_cut(size: int) -> None:
    """Any cut gives the same events, with either line end."""
    data = (
        sse({"a": "é"}, {"b": 2}).replace(b"\n", b"\r\n") + b": note\n\n" + sse({"c": 3}, "[DONE]")
    )
    reader, events = EventReader(), []
    for start in range(0, len(data), size):
        events += reader.feed(data[start : start + size])
    assert events == [{"a": "é"}, {"b": 2}, {"c": 3}]
    assert reader.done
