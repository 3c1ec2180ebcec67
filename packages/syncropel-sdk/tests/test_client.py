"""The client as its users meet it, against the real kernel in memory."""

import asyncio
import inspect
import json
from collections.abc import Callable

import httpx
import pytest

import syncropel
from syncropel import (
    ActType,
    ArgumentTypeError,
    Client,
    EmitResult,
    Identity,
    InvalidArgumentError,
    Limits,
    Record,
    Ref,
    SyncropelKindError,
    content_id,
    record_id,
)
from syncropel.testing import MockKernel

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
Make = Callable[..., Client]
V1_BODY = {
    "_refs": [{"id": "isrc:USJI19810404", "kind": "@music.track"}], "_v": 1,
    "artists": ["Zonke"], "kind": "music.catalog.track", "title": "Glow",
}  # fmt: skip


def run(make: Make, work: Callable, **options: object) -> tuple[object, MockKernel]:
    """Let `work` use a client of a fresh kernel."""
    kernel = MockKernel()

    async def scenario() -> object:
        async with make(transport=kernel.transport(), **options) as client:
            return await work(client, kernel)

    return asyncio.run(scenario()), kernel


def test_the_published_vector_through_the_whole_client(make_client: Make) -> None:
    """The quickstart's record arrives with the published id."""

    async def work(client: Client, kernel: MockKernel) -> EmitResult:
        return await client.emit(
            act="PUT", kind="music.catalog.track", body={"title": "Glow", "artists": ["Zonke"]},
            refs=[Ref.music_track(isrc="USJI19810404")], thread="music.library", clock=0,
        )  # fmt: skip

    result, kernel = run(make_client, work, identity=Identity.static("did:example:my-app"))
    assert result.record_id == "c357a0a264ed913f5264c141214e3fb126cae0933b6f297bea8d51fb32e7ac08"
    assert result.clock == 0
    [stored] = kernel.records
    assert stored["body"] == V1_BODY
    assert (stored["object"], stored["sequence"]) == ("record", 1)


def test_the_published_record_id_helper() -> None:
    """`record_id` keeps hashing six fields by default; `content_id` is the server's id."""
    record = Record(
        act=ActType.PUT, actor="did:example:my-app", body=V1_BODY, thread="music.library"
    )
    six = "c2b0e4343d743b575e057ee1c564b46e2c8accfb880c44f073e77056c2cf1585"
    seven = "c357a0a264ed913f5264c141214e3fb126cae0933b6f297bea8d51fb32e7ac08"
    assert record_id(record) == six
    assert record_id(record.to_dict()) == six
    assert record_id(record, fields=7) == content_id(record) == seven
    assert content_id({**record.to_api_dict(), "id": seven, "sequence": 3}) == seven
    with pytest.raises(InvalidArgumentError, match="actor"):
        content_id({"act": "PUT"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"act": "POST"}, InvalidArgumentError, id="act"),
        pytest.param({"act": None}, InvalidArgumentError, id="act-none"),
        pytest.param({"kind": "x.a"}, SyncropelKindError, id="kind"),
        pytest.param({"kind": None}, SyncropelKindError, id="kind-none"),
        pytest.param({"body": [1]}, ArgumentTypeError, id="body"),
        pytest.param({"thread": ""}, InvalidArgumentError, id="thread-empty"),
        pytest.param({"thread": 5}, ArgumentTypeError, id="thread-number"),
        pytest.param({"clock": -1}, InvalidArgumentError, id="clock-negative"),
        pytest.param({"clock": 1.5}, ArgumentTypeError, id="clock-float"),
        pytest.param({"clock": True}, ArgumentTypeError, id="clock-bool"),
        pytest.param({"clock": 2**63}, InvalidArgumentError, id="clock-too-large"),
        pytest.param({"data_type": "TEXT"}, InvalidArgumentError, id="data-type"),
        pytest.param({"parents": "abc"}, ArgumentTypeError, id="parents-text"),
        pytest.param({"parents": [1]}, InvalidArgumentError, id="parents-number"),
        pytest.param({"refs": "x"}, ArgumentTypeError, id="refs-text"),
        pytest.param({"refs": [{"kind": "@a.b"}]}, InvalidArgumentError, id="ref-without-id"),
        pytest.param({"refs": [{}], "body": {"_refs": 1}}, ArgumentTypeError, id="refs-in-body"),
    ],
)
def test_programmer_errors_come_before_the_network(
    change: dict, error: type, make_client: Make
) -> None:
    """A mistake that no retry can make right raises, from every way to emit; nothing is sent."""
    arguments = {**EMIT, "body": {}, **change}

    async def work(client: Client, kernel: MockKernel) -> None:
        with pytest.raises(error):
            await client.emit(**arguments)
        with pytest.raises(error):
            client.emit_sync(**arguments)
        with pytest.raises(error):
            await client.emit_many([{**EMIT, "body": {}}, arguments])

    _, kernel = run(make_client, work)
    assert kernel.count() == 0


def test_constructor_errors() -> None:
    """A client that can never work is refused when it is made."""
    with pytest.raises(TypeError, match=r"Identity\.static"):
        Client(identity="did:x:y")  # type: ignore[arg-type]
    me = Identity.static("did:x:y")
    for wrong in (
        {"interop": "javascript"}, {"overflow": "explode"}, {"overflow": "spool"},
        {"max_retries": -1}, {"timeout": "1"}, {"api_key": "a\nb"}, {"endpoint": 5},
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError)):
            Client(identity=me, **wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Client(me)  # type: ignore[misc]


def test_reserved_kinds(make_client: Make) -> None:
    """The helpers build the documented bodies and fill in actor and time."""

    async def work(client: Client, kernel: MockKernel) -> None:
        opened = await client.intend("ship it")
        assert opened.thread.startswith("th_")
        assert len(opened.thread) == 67
        for coroutine in (
            client.fulfill(opened.thread, "done", fulfills=opened.record_id),
            client.emit_correction(
                corrects=["a"], revised_fields={"x": 1}, reason="typo", thread="t"
            ),
            client.emit_erasure(erases=["a"], reason="law", thread="t"),
            client.emit_alias(old_kind="OLD", new_kind="a.b.c", reason="r", thread="t"),
            client.emit_scope_transfer(
                scope="a", from_publisher="p", to_publisher="q", reason="r", thread="t"
            ),
            client.emit_scope_claim(scope="a", governance_policy={"type": "open"}, thread="t"),
        ):
            assert (await coroutine).success
        for coroutine in (
            client.emit_correction(corrects=[], revised_fields={}, reason="", thread="t"),
            client.emit_correction(corrects="abc", revised_fields={}, reason="", thread="t"),
            client.emit_erasure(erases=[""], reason="r", thread="t"),
            client.emit_alias(old_kind="", new_kind="a.b.c", reason="r", thread="t"),
            client.emit_alias(old_kind="x", new_kind="bad", reason="r", thread="t"),
            client.emit_scope_claim(scope="a", governance_policy={}, thread="t"),
            client.emit_scope_claim(scope="A", governance_policy={"type": "x"}, thread="t"),
        ):
            with pytest.raises(ValueError, match=r"."):
                await coroutine

    _, kernel = run(make_client, work)
    kinds = [record["body"]["kind"] for record in kernel.records]
    assert kinds == [
        "core.intent", "core.outcome", "core.correction", "core.erasure", "core.alias",
        "core.scope_transfer", "core.scope_claim",
    ]  # fmt: skip
    assert [record["act"] for record in kernel.records][:3] == ["INTEND", "KNOW", "PUT"]
    assert kernel.records[2]["body"]["correcting_actor"] == "did:test:me"
    assert kernel.records[3]["body"]["effective_at"].endswith("Z")


def test_retries_send_the_same_envelope(make_client: Make) -> None:
    """Clock, id and bytes are frozen before the first attempt."""
    sent: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        if len(sent) < 3:
            return httpx.Response(503, headers={"retry-after": "0"})
        return httpx.Response(200, json={"record_id": content_id(json.loads(sent[-1]))})

    async def scenario() -> EmitResult:
        transport = httpx.MockTransport(handler)
        async with make_client(transport=transport, max_retries=2) as client:
            return await client.emit(**EMIT, body={"a": 1.0})

    result = asyncio.run(scenario())
    assert (result.success, result.retried) == (True, 2)
    assert len(set(sent)) == 1
    assert b'"a":1,' in sent[0]


def test_what_goes_over_the_wire(make_client: Make) -> None:
    """Seven fields, JSON, and the key both ways; reads carry the same headers."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    async def scenario() -> None:
        transport = httpx.MockTransport(handler)
        async with make_client("http://h/", transport=transport, api_key="K") as client:
            await client.emit(**EMIT, body={})
            await client.query_thread("a/b é", limit=7, since=3)
            await client.query(thread="..", actor="y", since=1)
            await client.search("q", k=3, thread="t", after_clock=1)
            await client.thread_state("..")

    asyncio.run(scenario())
    post, thread, query, search, dots = seen
    assert sorted(json.loads(post.content)) == [
        "act", "actor", "body", "clock", "data_type", "parents", "thread",
    ]  # fmt: skip
    assert str(thread.url) == "http://h/v1/threads/a%2Fb%20%C3%A9/records?limit=7&since=3"
    assert str(query.url) == "http://h/v1/records?limit=100&thread=..&actor=y&since=1"
    assert json.loads(search.content) == {"query": "q", "k": 3, "thread": "t", "after_clock": 1}
    assert dots.url.raw_path == b"/v1/threads/%2E%2E/state"
    for request in seen:
        assert request.headers["x-api-key"] == "K"
        assert request.headers["authorization"] == "Bearer K"
        assert request.headers["content-type"] == "application/json"


def test_an_automatic_clock_that_is_taken(make_client: Make) -> None:
    """Another process holds the clock: a fresh one is found, and both ids are told."""

    async def work(client: Client, kernel: MockKernel) -> None:
        first = await client.emit(**EMIT, body={"n": 0})
        theirs = {
            "act": "PUT", "actor": "did:test:me", "body": {}, "clock": first.clock + 10**9,
            "thread": "t",
        }  # fmt: skip
        kernel.kernel.ingest(theirs)
        client._line.clock.observe("t", first.clock + 10**9 - 1)
        result = await client.emit(**EMIT, body={"n": 1})
        assert result.success
        assert result.clock > first.clock + 10**9
        [old] = result.replaces
        assert old != result.record_id
        assert await client.get_record(result.record_id) is not None
        assert await client.get_record(old) is None

    run(make_client, work)


def test_a_clock_of_the_callers_is_never_changed(make_client: Make) -> None:
    """A taken clock that the caller chose is a rejection."""

    async def work(client: Client, kernel: MockKernel) -> None:
        assert (await client.emit(**EMIT, body={"n": 1}, clock=5)).success
        assert (await client.emit(**EMIT, body={"n": 1}, clock=5)).success
        taken = await client.emit(**EMIT, body={"n": 2}, clock=5)
        assert (taken.success, taken.status) == (False, "rejected")
        assert "DuplicateClock: thread=t actor=did:test:me clock=5" in (taken.error or "")
        batch = [{**EMIT, "body": {"n": n}, "clock": 6} for n in range(3)]
        assert [r.success for r in await client.emit_many(batch)] == [True, False, False]

    _, kernel = run(make_client, work)
    assert kernel.count() == 2


def test_many_at_once(make_client: Make) -> None:
    """Thousands of concurrent emits and a long `emit_many`: all delivered, in clock order."""

    async def work(client: Client, kernel: MockKernel) -> None:
        results = await asyncio.gather(*(client.emit(**EMIT, body={"n": n}) for n in range(3_000)))
        results += await client.emit_many({**EMIT, "body": {"m": n}} for n in range(3_000))
        assert all(result.success for result in results)
        assert client._engine().pending == 0
        assert await client.emit_many([]) == []

    _, kernel = run(make_client, work, limits=Limits(deadline_s=30))
    clocks = [record["clock"] for record in kernel.records]
    assert clocks == sorted(set(clocks))
    assert kernel.count() == 6_000


def test_the_hook_sees_every_result(make_client: Make) -> None:
    """`on_emit`, sync or async, is called once for each result, of success and of failure."""
    seen: list[EmitResult] = []

    async def hook(result: EmitResult) -> None:
        await asyncio.sleep(0)
        seen.append(result)

    async def work(client: Client, kernel: MockKernel) -> None:
        await client.emit(**EMIT, body={})
        await client.emit(**EMIT, body={"x": float("nan")})
        await client.emit_many([{**EMIT, "body": {}}] * 3)
        client.emit_sync(**EMIT, body={})

    run(make_client, work, on_emit=hook)
    assert [result.success for result in seen] == [True, False, True, True, True, True]
    seen.clear()
    run(make_client, work, on_emit=seen.append)
    assert len(seen) == 6


def test_interop_strict(make_client: Make) -> None:
    """`interop="strict"` refuses what other languages would hash differently."""

    async def work(client: Client, kernel: MockKernel) -> None:
        for value in (1e-7, 2**53 + 1, 1e16, "\ud800", {1: 2}):
            result = await client.emit(**EMIT, body={"x": value})
            assert (result.success, result.status) == (False, "invalid")
        assert (await client.emit(**EMIT, body={"x": [1, 0.5, "é", None, True]})).success

    run(make_client, work, interop="strict")


def test_the_fixtures(syncropel_client: Client, syncropel_kernel: MockKernel) -> None:
    """The pytest fixtures are a client and its kernel."""
    assert syncropel_client.emit_sync(**EMIT, body={}).success
    assert [r["thread"] for r in syncropel_kernel.records_by_kind("test.case.record")] == ["t"]
    assert list(syncropel_kernel.threads) == ["t"]
    assert syncropel_kernel.records_in("t") == syncropel_kernel.records_by_actor("did:test:me")
    syncropel_kernel.clear()
    assert syncropel_kernel.count() == 0


def test_the_published_names_and_signatures() -> None:
    """Everything version 0.2.0 exported is there, and its calls still fit."""
    published = """ActType Client DataType EmitResult Identity InferOptions InferPending InferResult
    ProvenanceEntry Record Ref SyncropelKindError TrustSummary build_infer_input
    build_infer_query_body canonical_json canonical_value find_infer_result hash_levels
    random_thread_id record_id sha256_hex validate_kind validate_scope"""
    assert set(published.split()) <= set(syncropel.__all__)
    assert list(inspect.signature(EmitResult).parameters)[:8] == [
        "success", "record_id", "clock", "error", "retried", "kind", "act", "thread",
    ]  # fmt: skip
    assert set(inspect.signature(Client).parameters) >= {
        "endpoint", "identity", "timeout", "max_retries", "backoff_ms", "on_emit", "api_key",
        "transport",
    }  # fmt: skip


def test_hash_levels() -> None:
    """The four levels are the published ones."""
    levels = syncropel.hash_levels("INTEND", {"goal": "x"})
    assert levels.l0 == "99f43b0cec22fdcdb843b6e954f32231a9dde42e2b62679440320139679d7f72"
    assert levels.l1 == "6e57e2f34ca85068a97ce8bad545b7c0fc98ccd206502cabac42695bf7ec816b"
    assert levels.l2 == "d86c5a827cf23be9607c15dc2f4a6eb987a4d7b1ff898b2094c32034c153f89f"
    assert levels.l3 == "9b8475d48cb585cc995801bf87c32c3c184bcda0ef4425967e462c01c1db2f6a"
