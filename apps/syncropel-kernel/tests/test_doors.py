"""Every door of a running server, with the client and by hand."""

import asyncio
from pathlib import Path

import httpx
import pytest

from syncropel import Client, Identity
from syncropel.kernel import SqliteStore

from .serving import Server, limited, record, serving


def test_the_client_finds_everything_it_knows(server: Server) -> None:
    """Emit, batch, query, search, state, health: the client's own calls, over a real socket."""

    async def scenario() -> None:
        me = Identity.static("did:example:me")
        async with Client(endpoint=server.url, identity=me) as client:
            results = await asyncio.gather(
                *(
                    client.emit(
                        act="PUT", kind="music.catalog.track", thread="doors",
                        body={"title": f"Glow {n}"},
                    )
                    for n in range(50)
                )
            )  # fmt: skip
            assert {each.status for each in results} == {"delivered"}
            assert len(await client.query_thread("doors", limit=100)) == 50
            assert len(await client.query(kind="music.catalog.track", limit=100)) == 50
            found = await client.rich_query(
                filter={"kind": "music.catalog.track", "body.title": {"$like": "Glow 1%"}}, limit=3
            )
            assert (len(found["records"]), found["matched_total"], found["capped"]) == (3, 11, True)
            hits = await client.search("glow 7")
            assert [hit["record"]["body"]["title"] for hit in hits["hits"]] == ["Glow 7"]
            assert (await client.health())["status"] == "ok"

    asyncio.run(scenario())


def test_reading_doors(server: Server) -> None:
    """A record by its id, a thread's state, all threads, changes by cursor, arrival times."""
    with server.http() as http:
        stored = [http.post("/v1/records", json=record(n, thread="read")).json() for n in range(5)]
        assert http.get(f"/v1/records/{stored[0]['id']}").json() == stored[0]
        state = http.get("/v1/threads/read/state").json()
        assert (state["records"], state["actor_clocks"]) == (5, {"did:a": 4})
        threads = http.get("/v1/threads").json()["data"]
        assert "read" in {each["thread"] for each in threads}
        since = stored[0]["sequence"] - 1
        page = http.get("/v1/sync/changes", params={"since": since, "limit": 2, "thread": "read"})
        assert [each["id"] for each in page.json()["records"]] == [
            each["id"] for each in stored[:2]
        ]
        assert page.json()["has_more"]
        assert (
            http.get("/v1/records", params={"thread": "read", "received_after": 0}).json()["data"]
            == stored
        )
        far = 32_503_680_000_000
        for name, found in (("received_after", 0), ("received_before", 5)):
            answer = http.get("/v1/records", params={"thread": "read", name: far})
            assert len(answer.json()["data"]) == found
        assert http.get("/v1/capabilities").json()["batch"]["path"] == "/v1/records/batch"


def test_the_same_again_is_known(server: Server) -> None:
    """201 and then 200 with `known`; another record under the clock is a DuplicateClock."""
    with server.http() as http:
        first = http.post("/v1/records", json=record(1, thread="known"))
        second = http.post("/v1/records", json=record(1, thread="known"))
        assert (first.status_code, second.status_code) == (201, 200)
        assert second.json() == {**first.json(), "status": "known"}
        third = http.post("/v1/records", json=record(1, thread="known", body={"other": 1}))
        assert third.status_code == 400
        assert third.json()["error"] == "INGEST_FAILED"
        assert third.json()["message"] == "DuplicateClock: thread=known actor=did:a clock=1"


DEEP = b'{"act":"PUT","actor":"did:a","clock":1,"thread":"bad","body":' + b'{"a":' * 50_000


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        pytest.param("/v1/records", b"", 400, "INVALID_JSON", id="empty"),
        pytest.param("/v1/records", b"{", 400, "INVALID_JSON", id="cut-off"),
        pytest.param("/v1/records", b"\xff\xfe{}", 400, "INVALID_JSON", id="not-utf-8"),
        pytest.param("/v1/records", DEEP, 400, "INVALID_JSON", id="bottomless"),
        pytest.param("/v1/records", b"[]", 400, "INVALID_RECORD", id="a-list"),
        pytest.param("/v1/records", b'{"act":"PUT"}', 400, "INVALID_RECORD", id="fields-missing"),
        pytest.param("/v1/records/batch", b'{"records":1}', 400, "INVALID_QUERY", id="no-batch"),
        pytest.param("/v1/records/query", b'{"filter":{"a":{"$huh":1}}}', 400, "INVALID_QUERY",
                     id="operator"),
        pytest.param("/v1/records/search", b'{"query":1}', 400, "INVALID_QUERY", id="search"),
        pytest.param("/v1/nowhere", b"{}", 404, "NOT_FOUND", id="no-door"),
        pytest.param("/v1/threads/%0A%ff/records", b"{}", 405, "METHOD_NOT_ALLOWED", id="method"),
    ],
)  # fmt: skip
def test_bad_input_is_a_documented_error(
    server: Server, path: str, content: bytes, status: int, code: str
) -> None:
    """One error object says what is wrong; the server goes on."""
    with server.http() as http:
        answer = http.post(path, content=content)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["object"] == "error"
        assert http.get("/health").status_code == 200


def test_sizes_are_bounded(db: Path) -> None:
    """Too large a body, announced or not, too large a record, too many of them: 413 each."""
    with (
        limited(db, kernel={"batch_bytes": 20_000, "record_bytes": 5_000, "batch_records": 3}) as s,
        s.http() as http,
    ):
        announced = http.post("/v1/records", content=b"x" * 20_001)
        chunked = http.post("/v1/records", content=iter([b"x" * 9_000] * 4))
        large = http.post("/v1/records", json=record(1, body={"x": "y" * 5_000}))
        many = http.post("/v1/records/batch", json={"records": [record(n) for n in range(4)]})
        answers = (announced, chunked, large, many)
        assert [each.status_code for each in answers] == [413] * 4
        assert [each.json()["code"] for each in answers] == [
            "BODY_TOO_LARGE", "BODY_TOO_LARGE", "RECORD_TOO_LARGE", "BATCH_TOO_LARGE",
        ]  # fmt: skip
        assert http.get("/health").json()["records"] == 0


def test_a_full_store_is_507(db: Path) -> None:
    """What does not fit is refused, in batches too; what was accepted is there and readable."""
    with limited(db, max_bytes=300_000) as server, server.http() as http:
        accepted = []
        for n in range(200):
            body = {"x": f"{n:04}" * 2_000}
            answer = http.post("/v1/records/batch", json={"records": [record(n, body=body)]}).json()
            [result] = answer["results"]
            if result.get("http_status") == 507:
                assert result["code"] == "STORE_CEILING_REACHED"
                break
            accepted.append(result["id"])
        else:
            raise AssertionError("the store never filled up")
        alone = http.post("/v1/records", json=record(999, body={"x": "y" * 200_000}))
        assert (alone.status_code, alone.json()["code"]) == (507, "STORE_CEILING_REACHED")
        listed = http.get("/v1/records", params={"limit": 1000}).json()["data"]
        assert [each["id"] for each in listed] == accepted


def test_concurrent_writers_share_fsyncs_and_lose_nothing(server: Server) -> None:
    """Eight connections at once: every acknowledged record is there, each clock once."""

    async def scenario() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:

            async def write(lane: int) -> list[httpx.Response]:
                return [
                    await http.post(
                        "/v1/records", json=record(n, thread="busy", actor=f"did:{lane % 4}")
                    )
                    for n in range(40)
                ]

            lanes = await asyncio.gather(*(write(lane) for lane in range(8)))
            return [each for lane in lanes for each in lane]

    answers = asyncio.run(scenario())
    created = [each.json()["id"] for each in answers if each.status_code == 201]
    known = [each.json()["id"] for each in answers if each.status_code == 200]
    assert (len(created), len(known)) == (160, 160)
    with server.http() as http:
        listed = http.get("/v1/threads/busy/records", params={"limit": 1000}).json()["data"]
    assert sorted(each["id"] for each in listed) == sorted(created) == sorted(known)


def test_metrics_tell_what_happened(db: Path) -> None:
    """Prometheus reads how many records came, what became of them, and how long answers took."""
    with serving(db) as server, server.http() as http:
        for clock in (1, 1, 2):
            http.post("/v1/records", json=record(clock))
        http.post("/v1/records", json=record(2, body={"other": True}))
        text = http.get("/metrics").text
    for line in (
        'syncropel_records_total{outcome="created"} 2.0',
        'syncropel_records_total{outcome="known"} 1.0',
        'syncropel_records_total{outcome="ingest_failed"} 1.0',
        "syncropel_stored 2.0",
        "syncropel_watchers 0.0",
        'syncropel_request_seconds_count{door="/v1/records",status="201"} 2.0',
    ):
        assert line in text


def test_a_stop_loses_nothing_that_was_answered(db: Path) -> None:
    """SIGTERM under load: requests under way are answered, the file is whole and alone."""
    with serving(db) as server:

        async def scenario() -> list[str]:
            acknowledged: list[str] = []

            async def write(lane: int) -> None:
                async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
                    for n in range(10_000):
                        try:
                            answer = await http.post(
                                "/v1/records", json=record(n, actor=f"did:{lane}")
                            )
                        except httpx.HTTPError:
                            return
                        if answer.status_code == 201:
                            acknowledged.append(answer.json()["id"])

            lanes = [asyncio.create_task(write(lane)) for lane in range(4)]
            await asyncio.sleep(0.5)
            server.process.terminate()
            await asyncio.gather(*lanes)
            return acknowledged

        acknowledged = asyncio.run(scenario())
        assert server.process.wait(30) == 0
    assert acknowledged
    assert [each.name for each in db.parent.iterdir()] == [db.name]
    store = SqliteStore(db)
    assert store.find(acknowledged).keys() == set(acknowledged)
    assert store.faults() == []
    store.close()
