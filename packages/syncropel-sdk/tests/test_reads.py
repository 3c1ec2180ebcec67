"""Reading: queries, search and inference, fail-open unless asked to be strict."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

import syncropel
from syncropel import (
    Client,
    InferOptions,
    InferPending,
    InferRejectedError,
    InferTimeoutError,
    ReadFailedError,
)
from syncropel.testing import MockKernel

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
Make = Callable[..., Client]


def run(make: Make, work: Callable, **options: object) -> tuple[object, MockKernel]:
    """Let `work` use a client of a fresh kernel."""
    kernel = MockKernel()

    async def scenario() -> object:
        async with make(transport=kernel.transport(), **options) as client:
            return await work(client, kernel)

    return asyncio.run(scenario()), kernel


def test_reading(make_client: Make) -> None:
    """Every read door answers what was stored."""

    async def work(client: Client, kernel: MockKernel) -> None:
        for n in range(30):
            await client.emit(**EMIT, body={"n": n, "t": {"u": n % 3}}, clock=n)
        other = {**EMIT, "kind": "other.kind.x", "thread": "a/ü?#"}
        await client.emit(**other, body={"w": "blue sky"})
        assert len(await client.query_thread("t")) == 30
        assert [r["clock"] for r in await client.query_thread("t", since=27)] == [28, 29]
        assert len(await client.query_thread("t", limit=7)) == 7
        assert len(await client.query_thread("a/ü?#")) == 1
        assert len(await client.query(thread="t", where={"body.t.u": 1})) == 10
        assert len(await client.query(actor="did:test:me", kind="other.kind.x")) == 1
        with pytest.raises(ValueError, match="at least one"):
            await client.query()
        one = kernel.records[0]
        assert await client.get_record(one["id"]) == one
        assert await client.get_record("0" * 64) is None
        assert (await client.thread_state("t"))["actor_clocks"] == {"did:test:me": 29}
        assert (await client.capabilities())["batch"]["path"] == "/v1/records/batch"
        assert (await client.health())["records"] == 31
        assert [hit["record"]["body"]["w"] for hit in (await client.search("SKY"))["hits"]] == [
            "blue sky"
        ]
        page = await client.changes(limit=20)
        assert (len(page["records"]), page["has_more"]) == (20, True)
        rest = await client.changes(since=page["next_cursor"], limit=20)
        assert (len(rest["records"]), rest["has_more"]) == (11, False)

    run(make_client, work)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"clock": {"$gt": 7}}, [8, 9]), ({"clock": {"$gte": 8, "$lt": 9}}, [8]),
        ({"clock": {"$lte": 1}}, [0, 1]), ({"body.n": 3}, [3]), ({"clock": {"$eq": 4}}, [4]),
        ({"clock": {"$in": [1, 2, 99]}}, [1, 2]), ({"clock": {"$nin": list(range(8))}}, [8, 9]),
        ({"body.s": {"$like": "n_m%7"}}, [7]), ({"body.s": {"$ilike": "NUM%5"}}, [5]),
        ({"body.x": {"$exists": True}}, [9]), ({"body.x": {"$exists": False}}, list(range(9))),
        ({"$or": [{"clock": 1}, {"clock": 2}]}, [1, 2]), ({"$not": {"clock": {"$gt": 0}}}, [0]),
        ({"$and": [{"clock": {"$gt": 3}}, {"clock": {"$lt": 5}}]}, [4]),
        ({"clock": {"$ne": 0}, "kind": "test.case.record"}, list(range(1, 10))),
        ({"body.n": {"$gt": "3"}}, []), ({"body.n": True}, []), ({"nothing.here": 1}, []),
        ({"body.s": {"$like": "%m%b%"}}, list(range(10))), ({"body.s": {"$like": "num"}}, []),
    ],
    ids=str,
)  # fmt: skip
def test_rich_query(filter_: dict, expected: list, make_client: Make) -> None:
    """Every operator means what it says, and types are never guessed."""

    async def work(client: Client, kernel: MockKernel) -> None:
        for n in range(10):
            body = {"n": n, "s": f"number {n}", **({"x": None} if n == 9 else {})}
            await client.emit(**EMIT, body=body, clock=n)
        answer = await client.rich_query(filter=filter_, sort={"clock": 1}, explain=True)
        assert [record["clock"] for record in answer["records"]] == expected
        assert (answer["matched_total"], answer["capped"]) == (len(expected), False)
        assert answer["explain"]["scanned"] == 10
        page = await client.rich_query(filter=filter_, sort={"clock": -1}, limit=1, offset=1)
        assert [r["clock"] for r in page["records"]] == expected[::-1][1:2]
        assert page["capped"] is (len(expected) > 2)

    run(make_client, work)


def test_a_filter_that_means_nothing(make_client: Make) -> None:
    """An unknown operator is the server's 400, and an empty answer with its reason."""

    async def work(client: Client, kernel: MockKernel) -> None:
        for filter_ in ({"a": {"$near": 1}}, {"$nor": []}, {"a": {"$in": 5}}, {"$or": []}):
            assert await client.rich_query(filter=filter_) == {"records": []}
            assert client.last_error is not None
            assert client.last_error.status == 400
            assert "INVALID_QUERY" in client.last_error.error

    run(make_client, work)


def test_strict_tells_empty_from_failed(make_client: Make) -> None:
    """`strict=True` raises where a read failed; an empty answer stays an answer."""

    async def work(client: Client, kernel: MockKernel) -> None:
        assert await client.query_thread("nothing") == []
        assert client.last_error is None
        assert await client.get_record("0" * 64) is None
        kernel.fail_next_get(1)
        with pytest.raises(ReadFailedError, match="query_thread") as caught:
            await client.query_thread("t")
        assert (caught.value.operation, caught.value.status) == ("query_thread", None)
        kernel.fail_next_post(9)
        assert not (await client.emit(**EMIT, body={})).success

    run(make_client, work, strict=True)


def test_reads_are_asked_once(make_client: Make) -> None:
    """As published: one failed GET is one empty answer, and the next is full again."""

    async def work(client: Client, kernel: MockKernel) -> None:
        await client.emit(**EMIT, body={})
        kernel.fail_next_get(1)
        assert [len(await client.query_thread("t")) for _ in range(2)] == [0, 1]

    run(make_client, work)


@pytest.mark.parametrize("answer", [{"object": "list", "data": [{"id": "a"}]}, [{"id": "a"}]])
def test_both_list_forms(answer: object, make_client: Make) -> None:
    """Lists come wrapped or bare."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))

    async def scenario() -> None:
        async with make_client(transport=transport) as client:
            assert await client.query_thread("t") == [{"id": "a"}]

    asyncio.run(scenario())


def test_search_that_is_disabled(make_client: Make) -> None:
    """503 from the search door means that there is none."""
    transport = httpx.MockTransport(lambda request: httpx.Response(503))

    async def scenario() -> None:
        async with make_client(transport=transport, strict=True) as client:
            assert (await client.search("x"))["disabled"] is True

    asyncio.run(scenario())


REQUEST = {"input": {"prompt": "p"}, "responders": [{"did": "x"}], "fold": {"function": "f"}}


def test_infer(make_client: Make) -> None:
    """A question is an intent; its answer is found in the thread; no answer says so in time."""

    async def work(client: Client, kernel: MockKernel) -> None:
        pending = await client.infer(REQUEST, InferOptions(wait=False))
        [asked] = kernel.records
        assert asked["body"] == {**REQUEST, "kind": "infer.query.v1",
                                 "answer_shape": {"kind": "inference.answer.v1"}}  # fmt: skip
        options = InferOptions(poll_interval_ms=5, poll_timeout_ms=40)
        with pytest.raises(InferTimeoutError) as caught:
            await client.infer(REQUEST, options)
        assert isinstance(caught.value, TimeoutError)
        body = {"correlation_id": pending.correlation_id, "answer": 42, "cost_actual_usd": 1}
        await client.emit(act="KNOW", kind="infer.result.v1", body=body, thread=pending.thread_id)
        records = await client.query_thread(pending.thread_id)
        found = syncropel.find_infer_result(records, pending.correlation_id)
        assert found is not None
        assert (found.answer, found.cost_actual_usd) == (42, 1.0)
        kernel.fail_next_post(9)
        with pytest.raises(InferRejectedError) as refused:
            await client.infer(REQUEST)
        assert refused.value.thread_id.startswith("th_")
        for missing in REQUEST:
            with pytest.raises((ValueError, TypeError)):
                await client.infer({k: v for k, v in REQUEST.items() if k != missing})

    run(make_client, work)


def test_infer_that_fails_open(make_client: Make) -> None:
    """Asked to, a question that fails is a result like every other failure."""

    async def work(client: Client, kernel: MockKernel) -> None:
        options = InferOptions(poll_interval_ms=5, poll_timeout_ms=20, fail_open=True)
        late = await client.infer(REQUEST, options)
        assert isinstance(late, InferPending)
        assert (late.pending, late.correlation_id) == (True, kernel.records[0]["id"])
        assert "timed out" in (late.error or "")
        kernel.fail_next_post(9)
        refused = await client.infer(REQUEST, options)
        assert isinstance(refused, InferPending)
        assert (refused.pending, bool(refused.error)) == (False, True)
        assert client.last_error is not None
        with pytest.raises(ValueError, match="responder"):
            await client.infer({}, options)

    run(make_client, work)


@pytest.mark.parametrize("strict", [False, True])
def test_an_answer_is_found_late_in_a_long_thread(strict: bool, make_client: Make) -> None:
    """Looks that fail are looks less, and an answer behind many records is an answer."""

    async def work(client: Client, kernel: MockKernel) -> None:
        await client.emit_many([{**EMIT, "body": {"n": n}} for n in range(300)])

        async def answer() -> None:
            while not (asked := kernel.records_by_kind("infer.query.v1")):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            kernel.fail_next_get(2)
            body = {"correlation_id": asked[0]["id"], "answer": 42}
            await client.emit(act="KNOW", kind="infer.result.v1", body=body, thread="t")

        options = InferOptions(poll_interval_ms=5, poll_timeout_ms=20_000, thread="t")
        found, _ = await asyncio.gather(client.infer(REQUEST, options), answer())
        assert isinstance(found, syncropel.InferResult)
        assert found.answer == 42

    run(make_client, work, strict=strict)


def test_names_that_no_bytes_can_carry(make_client: Make) -> None:
    """Half of a surrogate pair, in a name from elsewhere, finds nothing and stops nothing."""

    async def work(client: Client, kernel: MockKernel) -> None:
        half = "\ud800"
        result = await client.emit(**{**EMIT, "thread": half}, body={})
        assert (result.success, result.status) == (False, "invalid")
        assert not client.emit_sync(**EMIT, body={}, parents=[half]).success
        assert await client.query_thread(half) == []
        assert await client.query(actor=half, thread=half) == []
        assert await client.get_record(half) is None
        assert await client.rich_query(filter={"body.x": half}) == {"records": []}
        assert (await client.search(half))["hits"] == []
        assert (await client.changes(thread=half))["records"] == []
        assert (await client.thread_state(half)).get("records", 0) == 0
        subscription = client.subscribe(half, lambda record: None, max_reconnects=0)
        await asyncio.sleep(0)
        subscription.close()
        await subscription.wait_closed()
        assert kernel.count() == 0

    run(make_client, work)
