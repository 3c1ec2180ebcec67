"""Following a thread of a running server."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

from syncropel import Client, Identity
from syncropel.kernel import Kernel, SqliteStore

from .serving import Stream, limited, record, serving


def clocks(events: list[dict]) -> list[int]:
    return [each["data"]["record"]["clock"] for each in events]


def test_live_from_now_on_and_from_a_clock(db: Path) -> None:
    """Without a position a watch begins now; with a clock it begins after that record."""
    with serving(db) as server, server.http() as http:
        for n in range(5):
            http.post("/v1/records", json=record(n))
        with Stream(server, "t") as now, Stream(server, "t", params={"since_clock": 2}) as after:
            http.post("/v1/records", json=record(9))
            http.post("/v1/records", json=record(9, thread="other"))
            http.post("/v1/records", json=record(7))  # later, though its clock is lower
            assert clocks(now.take(2, of="record.created")) == [9, 7]
            events = after.take(4, of="record.created")
            assert clocks(events) == [3, 4, 9, 7]
            assert events[0]["data"]["id"] == events[0]["data"]["record"]["id"]


def test_resuming_misses_nothing_and_repeats_nothing(db: Path) -> None:
    """`Last-Event-ID` continues right behind that event, also behind a heartbeat."""
    with limited(db, heartbeat_s=0.2) as server, server.http() as http:
        with Stream(server, "t") as first:
            http.post("/v1/records", json=record(1))
            seen = first.take(1, of="record.created")[0]["id"]
        for n in range(2, 6):
            http.post("/v1/records", json=record(n))
        headers = {"last-event-id": seen}
        with Stream(server, "t", headers=headers, params={"since_clock": 0}) as second:
            assert clocks(second.take(4, of="record.created")) == [2, 3, 4, 5]
            beat = second.take(1, of="heartbeat")[0]["id"]
        http.post("/v1/records", json=record(6))
        with Stream(server, "t", headers={"last-event-id": beat}) as third:
            assert clocks(third.take(1, of="record.created")) == [6]


def test_the_end_is_announced(db: Path) -> None:
    """On SIGTERM a watcher hears when to come back, and the server is gone at once."""
    with limited(db, retry_after_ms=1_234) as server, Stream(server, "t") as stream:
        started = time.monotonic()
        assert server.stop() == 0
        assert stream.take(1, of="server_shutdown")[0]["data"] == {"retry_after_ms": 1_234}
        assert stream.take(1)[0]["event"] == "end"
        assert time.monotonic() - started < 8


def test_another_process_is_heard(db: Path) -> None:
    """What somebody else writes into the same file reaches watchers too."""
    with serving(db) as server, Stream(server, "t") as stream, closing(SqliteStore(db)) as store:
        Kernel(store).ingest_many([record(1), record(2)])
        assert clocks(stream.take(2, of="record.created")) == [1, 2]


def test_the_client_survives_a_restart(db: Path) -> None:
    """A subscription goes on across two lives of the server, with every record once."""

    async def scenario() -> list[int]:
        seen: list[int] = []
        complete = asyncio.Event()
        me = Identity.static("did:me")
        with serving(db) as server:
            port = server.url.rsplit(":", 1)[1]
            async with Client(endpoint=server.url, identity=me) as client:

                async def follow() -> None:
                    options = {"since_clock": 0, "reconnect_base_s": 0.05}
                    async with client.stream("t", **options) as records:
                        async for each in records:
                            seen.append(each["body"]["n"])
                            if len(seen) == 6:
                                complete.set()

                following = asyncio.create_task(follow())
                for n in range(3):
                    await client.emit(act="PUT", kind="a.b.c", thread="t", body={"n": n})
                server.stop()
                with serving(db, "--port", port):
                    for n in range(3, 6):
                        await client.emit(act="PUT", kind="a.b.c", thread="t", body={"n": n})
                    async with asyncio.timeout(20):
                        await complete.wait()
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)
        return seen

    assert asyncio.run(scenario()) == list(range(6))


def test_too_many_watchers_are_told(db: Path) -> None:
    """Beyond the limit a watch is 503; when one has gone there is room again."""
    with limited(db, max_watchers=1) as server, server.http() as http:
        with Stream(server, "t"):
            answer = http.get("/v1/threads/t/watch")
            assert (answer.status_code, answer.json()["code"]) == (503, "TOO_MANY_WATCHERS")
            assert answer.headers["retry-after"] == "1"
        until = time.monotonic() + 10
        while "syncropel_watchers 1.0" in http.get("/metrics").text:
            assert time.monotonic() < until
            time.sleep(0.02)
        with Stream(server, "t"):
            pass
