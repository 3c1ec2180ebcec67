"""Following a thread: no gaps, no duplicates, whatever cuts the stream."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncropel import Client, FileCursor, SubscribeError
from syncropel.kernel import Kernel
from syncropel.subscribe.sse import EventParser, StreamTooLongError
from syncropel.testing import LoopbackServer, MockKernel

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
Make = Callable[..., Client]
FAST: dict = {"reconnect_base_s": 0.01, "reconnect_max_s": 0.05}


def record(n: int) -> dict:
    return {
        "act": "PUT", "actor": "did:test:other", "body": {"n": n}, "clock": n,
        "data_type": "SCALAR", "parents": [], "thread": "t",
    }  # fmt: skip


def says(*chunks: bytes, status: int = 200, pause: float = 0.0) -> Callable:
    """A server that answers every watch with these bytes and closes."""

    async def fault(request, reader, writer) -> bool:
        if not request.path.endswith("/watch"):
            return False
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: text/event-stream\r\n\r\n".encode())
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        return True

    return fault


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def test_records_arrive_in_order(make_client: Make) -> None:
    """A subscriber sees every record once, in order, and hears the heartbeat."""

    async def scenario() -> None:
        kernel = MockKernel(heartbeat_s=0.02)
        async with make_client(transport=kernel.transport()) as client:
            seen, beats, opened = [], [], []
            subscription = client.subscribe(
                "t", lambda r: seen.append(r["body"]["n"]),
                on_heartbeat=lambda: beats.append(1), on_open=lambda: opened.append(1),
            )  # fmt: skip
            await until(lambda: bool(beats))
            for n in range(50):
                await client.emit(**EMIT, body={"n": n})
            await client.emit(**{**EMIT, "thread": "other"}, body={"n": -1})
            await until(lambda: len(seen) == 50)
            assert seen == list(range(50))
            assert (subscription.closed, subscription.transport_name) == (False, "sse")
            subscription.close()
            await subscription.wait_closed()
            assert subscription.closed
            assert subscription.error is None

    asyncio.run(scenario())


def test_since_clock_starts_in_the_past(make_client: Make) -> None:
    """`since_clock` tells what is already there, above that clock."""

    async def scenario() -> None:
        kernel = MockKernel()
        for n in range(10):
            kernel.kernel.ingest(record(n))
        async with make_client(transport=kernel.transport()) as client:
            stream = client.stream("t", since_clock=5)
            assert [(await anext(stream))["clock"] for _ in range(4)] == [6, 7, 8, 9]
            await stream.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize("cuts", [60])
def test_random_cuts_leave_no_gap(cuts: int, make_client: Make) -> None:
    """A stream cut again and again at random moments tells every record exactly once."""

    async def scenario() -> None:
        kernel = Kernel()
        rng = random.Random(6)
        with LoopbackServer(kernel) as server:
            async with make_client(server.url) as client:
                seen: list[int] = []
                subscription = client.subscribe(
                    "t", lambda r: seen.append(r["clock"]), since_clock=-0, **FAST
                )
                n = 0
                for _ in range(cuts):
                    for _ in range(rng.randint(0, 8)):
                        n += 1
                        server._loop.call_soon_threadsafe(kernel.ingest, record(n))
                    await asyncio.sleep(rng.random() * 0.02)
                    server.cut_connections()
                await until(lambda: len(seen) >= n)
                await asyncio.sleep(0.1)
                assert seen == list(range(1, n + 1))
                subscription.close()

    asyncio.run(scenario())


def test_a_silent_stream_is_reconnected(make_client: Make) -> None:
    """A connection that stays open and says nothing is noticed; so is one that only drips."""

    async def scenario(fault: Callable) -> None:
        kernel = Kernel()
        with LoopbackServer(kernel, misbehave=fault) as server:
            async with make_client(server.url) as client:
                errors: list[SubscribeError] = []
                client.subscribe(
                    "t", print, heartbeat_timeout_s=0.15, on_error=errors.append, **FAST
                )
                await until(lambda: len(errors) >= 2)
                assert {error.reason for error in errors} == {"silent"}

    asyncio.run(scenario(says(b": hello\n\n", pause=2)))
    asyncio.run(scenario(says(*[b":\n"] * 100, pause=0.05)))


@pytest.mark.parametrize("status", [401, 403])
def test_no_permission_is_final(status: int, make_client: Make) -> None:
    """401 and 403 end the subscription with a reason; nothing is tried again."""

    async def scenario() -> None:
        with LoopbackServer(misbehave=says(status=status)) as server:
            async with make_client(server.url) as client:
                subscription = client.subscribe("t", print, **FAST)
                await subscription.wait_closed(60)
                assert subscription.error is not None
                assert subscription.error.reason == "unauthorized"
                assert subscription.error.next_retry_s is None
                assert server.requests == 1
                with pytest.raises(SubscribeError, match=str(status)):
                    await anext(client.stream("t"))

    asyncio.run(scenario())


def test_backoff_is_bounded(make_client: Make) -> None:
    """Attempts end at `max_reconnects`; the waits grow and stay under their maximum."""

    async def scenario() -> None:
        async with make_client("http://127.0.0.1:1") as client:
            errors: list[SubscribeError] = []
            subscription = client.subscribe(
                "t", print, max_reconnects=5, on_error=errors.append, **FAST
            )
            await subscription.wait_closed(60)
            assert subscription.closed
            assert [error.attempt for error in errors] == [1, 2, 3, 4, 5, 6]
            assert all(error.next_retry_s <= 0.05 for error in errors[:-1])
            assert errors[-1].next_retry_s is None

    asyncio.run(scenario())


def test_a_raising_callback_keeps_the_cursor(make_client: Make) -> None:
    """The record comes again; when it keeps failing, the subscription ends before it."""

    async def scenario() -> None:
        kernel = MockKernel()
        seen: list[int] = []
        failures = 2

        async def callback(r: dict) -> None:
            nonlocal failures
            seen.append(r["clock"])
            if r["clock"] == 2 and failures:
                failures -= 1
                raise ValueError("not yet")
            if r["clock"] == 4:
                raise ValueError("never")

        for n in (1, 2, 3, 4, 5):
            kernel.kernel.ingest(record(n))
        async with make_client(transport=kernel.transport()) as client:
            subscription = client.subscribe("t", callback, since_clock=0, **FAST)
            await subscription.wait_closed(60)
            assert seen[:5] == [1, 2, 2, 2, 3]
            assert set(seen[5:]) == {4}
            assert subscription.error is not None
            assert subscription.error.reason == "callback"
            assert subscription.cursor == "3"

    asyncio.run(scenario())


def test_the_cursor_survives_the_process(make_client: Make, tmp_path: Path) -> None:
    """A subscription with a stored cursor goes on where the last one stopped."""

    async def scenario() -> None:
        kernel = MockKernel()
        store = FileCursor(tmp_path / "deep" / "cursor")
        async with make_client(transport=kernel.transport()) as client:
            for first, last in ((1, 4), (4, 8), (8, 9)):
                for n in range(first, last):
                    kernel.kernel.ingest(record(n))
                stream = client.stream("t", since_clock=0, cursor_store=store)
                got = []
                async with stream:
                    async for r in stream:
                        got.append(r["clock"])
                        if r["clock"] == last - 1:
                            task = asyncio.ensure_future(anext(stream))
                            await until(lambda s=stream, n=last: s.cursor == str(n - 1))
                            await until(lambda n=last: store.load() == str(n - 1))
                            task.cancel()
                            break
                assert got == list(range(first, last))

    asyncio.run(scenario())


def test_a_stored_cursor_that_is_none(tmp_path: Path) -> None:
    """A damaged cursor file is no cursor, not an exception."""
    path = tmp_path / "cursor"
    assert FileCursor(path).load() is None
    for content in (b"", b"\xff\xfe", b"a\0b", b"x" * 10_000):
        path.write_bytes(content)
        assert FileCursor(path).load() is None


def test_lag_and_shutdown(make_client: Make) -> None:
    """`lagged` reconnects at once from the cursor; `server_shutdown` waits as it was told."""

    async def scenario() -> None:
        event = b'event: error\ndata: {"code":"lagged","message":"slow"}\n\n'
        goodbye = b'event: server_shutdown\ndata: {"retry_after_ms":30}\n\n'
        kernel = Kernel()
        with LoopbackServer(kernel, misbehave=says(event)) as server:
            async with make_client(server.url) as client:
                errors: list[SubscribeError] = []
                seen: list[int] = []
                client.subscribe(
                    "t", lambda r: seen.append(r["clock"]), since_clock=0,
                    on_error=errors.append, **FAST,
                )  # fmt: skip
                await until(lambda: bool(errors))
                server.misbehave = says(goodbye)
                await until(lambda: errors[-1].reason == "server_shutdown")
                server.misbehave = None
                kernel.ingest(record(1))
                await until(lambda: seen == [1])
        lagged = next(error for error in errors if error.reason == "lagged")
        down = next(error for error in errors if error.reason == "server_shutdown")
        assert lagged.next_retry_s == 0.0
        assert down.next_retry_s == 0.03

    asyncio.run(scenario())


def test_unknown_events_and_duplicates_are_no_records(make_client: Make) -> None:
    """Only `record.created` is a record, and each id is delivered once."""
    created = b'id: 7\nevent: record.created\ndata: {"id":"a","record":{"id":"a","clock":1}}\n\n'
    other = b'event: record.deleted\ndata: {"id":"b","record":{"id":"b"}}\n\n'
    bare = b'data: {"record":{"id":"c"}}\n\n'

    async def scenario() -> None:
        with LoopbackServer(misbehave=says(created, other, bare, created)) as server:
            async with make_client(server.url) as client:
                seen: list[str] = []
                subscription = client.subscribe("t", lambda r: seen.append(r["id"]), **FAST)
                await until(lambda: server.requests >= 4)
                assert seen == ["a"]
                assert subscription.cursor == "7"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            b"HTTP/1.1 200 X\r\ncontent-type: text/html\r\n\r\n<html>", id="captive-portal"
        ),
        pytest.param(b"HTTP/1.1 302 X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", id="redirect"),
        pytest.param(b"nonsense\r\n\r\n", id="no-http"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n", id="503"),
    ],
)
def test_what_is_no_stream(answer: bytes, make_client: Make) -> None:
    """Whatever else answers, the feed says so, waits and tries again, and then goes on."""

    async def fault(request, reader, writer) -> bool:
        writer.write(answer)
        await writer.drain()
        return True

    async def scenario() -> None:
        kernel = Kernel()
        with LoopbackServer(kernel, misbehave=fault) as server:
            async with make_client(server.url) as client:
                errors: list[SubscribeError] = []
                seen: list[int] = []
                client.subscribe(
                    "t", lambda r: seen.append(r["clock"]), since_clock=0,
                    on_error=errors.append, **FAST,
                )  # fmt: skip
                await until(lambda: len(errors) >= 2)
                server.misbehave = None
                kernel.ingest(record(1))
                await until(lambda: seen == [1])

    asyncio.run(scenario())


EVENTS = (
    b"\xef\xbb\xbfid: 1\r\nevent: a\r\ndata: x\r\ndata:y\r\n\r\n: comment\nretry: 1500\n\n"
    b'data\n\nid\ndata: z\r\revent: no data\n\nid: 2\0\ndata: {"\xc3\xa9":1}\n\ndata: unfinished'
)


@given(st.lists(st.integers(0, len(EVENTS)), max_size=12))
def test_chunks_may_be_cut_anywhere(cuts: list[int]) -> None:
    """However the bytes are cut, the events are the same."""
    parser, whole = EventParser(), EventParser()
    edges = [0, *sorted(cuts), len(EVENTS)]
    events = [e for a, b in pairwise(edges) for e in parser.feed(EVENTS[a:b])]
    assert events == whole.feed(EVENTS)
    assert [(event.name, event.data, event.id) for event in events] == [
        ("a", "x\ny", "1"), ("message", "", "1"), ("message", "z", ""), ("message", '{"é":1}', ""),
    ]  # fmt: skip
    assert parser.retry_ms == 1500


def test_an_event_without_end_is_refused() -> None:
    """Memory stays bounded when a line never ends."""
    parser = EventParser()
    with pytest.raises(StreamTooLongError):  # noqa: PT012
        for _ in range(100):
            parser.feed(b"data: " + b"x" * 1_000_000)
