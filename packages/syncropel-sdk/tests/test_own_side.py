"""Faults of the caller's own side: payloads, hooks, loops, clocks. No exception comes of them."""

import asyncio
import json
import time
from collections.abc import Callable

import httpx
import pytest

from syncropel import Client
from syncropel.kernel import Kernel
from syncropel.testing import LoopbackServer, MockKernel

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
Make = Callable[..., Client]


class _Raising(httpx.AsyncBaseTransport):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), RuntimeError("x"), RecursionError("x"), MemoryError(), OSError(5, "io"),
     asyncio.CancelledError(), UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), KeyError("x"),
     httpx.InvalidURL("x"), httpx.StreamConsumed(), AssertionError("x"), StopAsyncIteration()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_transport_that_raises(error: BaseException, make_client: Make) -> None:
    """A transport may raise anything; emit and reads return."""

    async def scenario() -> None:
        async with make_client(transport=_Raising(error)) as client:
            assert not (await client.emit(**EMIT, body={})).success
            assert await client.query(actor="a") == []
            assert await client.search("x") == {"embedder": None, "k": 10, "hits": []}
            assert await client.rich_query(filter={}) == {"records": []}

    asyncio.run(scenario())


def _cyclic() -> dict:
    body: dict = {}
    body["self"] = body
    return body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"x": float("nan")}, id="nan"),
        pytest.param({"x": float("inf")}, id="infinity"),
        pytest.param({"x": "\ud800"}, id="lone-surrogate"),
        pytest.param({"\udfff": 1}, id="lone-surrogate-key"),
        pytest.param({"x": (1, 2)}, id="tuple"),
        pytest.param({"x": b"bytes"}, id="bytes"),
        pytest.param({"x": {1, 2}}, id="set"),
        pytest.param({"x": object()}, id="object"),
        pytest.param({1: 1, "1": 2}, id="colliding-keys"),
        pytest.param({(1,): 1}, id="tuple-key"),
        pytest.param({"x": json.loads("[" * 900 + "]" * 900)}, id="deep"),
        pytest.param(_cyclic(), id="cyclic"),
        pytest.param({"x": 10**5000}, id="integer-too-long-to-write"),
    ],
)
def test_a_payload_that_is_none(body: dict, make_client: Make) -> None:
    """What has no canonical JSON is a failed result; nothing is sent."""

    async def scenario() -> None:
        kernel = MockKernel()
        async with make_client(transport=kernel.transport()) as client:
            result = await client.emit(**EMIT, body=body)
            assert (result.success, result.status) == (False, "invalid")
            results = await client.emit_many([{**EMIT, "body": body}, {**EMIT, "body": {}}])
            assert [each.success for each in results] == [False, True]
        assert kernel.count() == 1

    asyncio.run(scenario())


def test_a_cancelled_caller(make_client: Make) -> None:
    """A cancelled emit stops waiting; its record is sent, and the next emit works."""

    async def scenario() -> None:
        kernel = Kernel()

        async def slow(request, reader, writer) -> bool:
            await asyncio.sleep(0.1)
            return False

        with LoopbackServer(kernel, misbehave=slow) as server:
            async with make_client(server.url) as client:
                task = asyncio.create_task(client.emit(**EMIT, body={"n": 1}))
                await asyncio.sleep(0.03)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert (await client.emit(**EMIT, body={"n": 2})).success
        assert kernel.store.count() == 2

    asyncio.run(scenario())


def test_a_second_event_loop(make_client: Make) -> None:
    """One client serves several loops, one after the other and side by side."""
    with LoopbackServer() as server:
        client = make_client(server.url, timeout=5.0)

        async def emit(n: int) -> bool:
            result = await client.emit(**EMIT, body={"n": n})
            return result.success and bool(await client.query_thread("t"))

        assert client.emit_sync(**EMIT, body={"sync": True}).success
        for n in range(3):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *a, **k: None)
                assert _run_and_close_sockets(client, emit(n))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(client.emit_sync, **EMIT, body={"t": n}) for n in range(40)]
            assert all(job.result().success for job in jobs)
        client.close_sync()
        assert server.kernel.store.count() == 44


def _run_and_close_sockets(client: Client, coroutine) -> object:
    async def run() -> object:
        outcome = await coroutine
        await client._engine().close()
        return outcome

    return asyncio.run(run())


def test_inside_a_running_loop(make_client: Make) -> None:
    """`emit_sync` works where a loop is already running."""

    async def scenario() -> None:
        kernel = MockKernel()
        async with make_client(transport=kernel.transport()) as client:
            assert client.emit_sync(**EMIT, body={}).success

    asyncio.run(scenario())


def test_after_close(make_client: Make) -> None:
    """A closed client answers with failures; closing twice is fine."""

    async def scenario() -> None:
        kernel = MockKernel()
        client = make_client(transport=kernel.transport())
        await client.close()
        await client.close()
        await client.aclose()
        assert (await client.emit(**EMIT, body={})).status == "closed"
        assert client.emit_sync(**EMIT, body={}).status == "closed"
        assert [r.status for r in await client.emit_many([{**EMIT, "body": {}}])] == ["closed"]
        assert await client.query_thread("t") == []
        assert await client.health() == {}
        assert kernel.count() == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["raises", "raises-later", "cancels", "hangs"])
def test_a_broken_hook(kind: str, make_client: Make) -> None:
    """The hook's fault is logged; the emit goes on."""

    async def later(result: object) -> None:
        await asyncio.sleep(0)
        raise ValueError(kind)

    async def hang(result: object) -> None:
        await asyncio.sleep(3600)

    def now(result: object) -> None:
        raise asyncio.CancelledError if kind == "cancels" else ValueError(kind)

    hook = {"raises-later": later, "hangs": hang}.get(kind, now)

    async def scenario() -> None:
        kernel = MockKernel()
        client = make_client(transport=kernel.transport(), on_emit=hook)
        assert (await asyncio.wait_for(client.emit(**EMIT, body={}), 2)).success
        assert client.emit_sync(**EMIT, body={}).success

    asyncio.run(scenario())


class _BrokenTelemetry:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


def test_a_broken_telemetry(make_client: Make) -> None:
    """A telemetry that raises at every touch changes nothing."""

    async def scenario() -> None:
        kernel = MockKernel()
        async with make_client(transport=kernel.transport(), telemetry=_BrokenTelemetry()) as c:
            kernel.fail_next_post(1)
            assert (await c.emit(**EMIT, body={})).success

    asyncio.run(scenario())


def test_the_wall_clock_jumps_back(make_client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks keep rising when the machine's clock falls back, or stands still."""
    moment = [1_900_000_000_000_000_000]
    monkeypatch.setattr(time, "time_ns", lambda: moment[0])

    async def scenario() -> None:
        kernel = MockKernel()
        async with make_client(transport=kernel.transport()) as client:
            clocks = []
            for step in (0, -(10**15), 10**6, -(10**18), 0):
                moment[0] += step
                clocks.append((await client.emit(**EMIT, body={})).clock)
        assert clocks == sorted(set(clocks))

    asyncio.run(scenario())
