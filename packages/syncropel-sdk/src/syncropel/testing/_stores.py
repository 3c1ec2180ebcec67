"""What every store has to pass: one suite for memory, SQLite, PostgreSQL and yours.

    class TestMyStore(StoreAcceptance):
        @pytest.fixture
        def store(self) -> Iterator[Store]: ...

The rules are the kernel's; what is tested here is that a store keeps, finds and orders, and that
all of it agrees with `MemoryStore`. What survives a killed process is not covered.
"""
# ruff: noqa: S101, S311 (a test suite asserts, and wants the same numbers every time)

import itertools
import random
import threading
from collections.abc import Iterator
from typing import Any, Final

from ..kernel import Ingested, Kernel, MemoryStore, Refusal, Request, Selection, Store, answer

_THREADS: Final = ("music.library", "", "th_é/ü", "x" * 4_096)
_ACTORS: Final = ("did:a", "did:b", "did:example:with space", "ß")
_KINDS: Final = ("music.catalog.track", "core.v1", "test.case.record", None)
_REFS: Final = ("isrc:1", "github:a/b:c", "日本")
_TEXTS: Final = (
    "Glow in the dark",
    "GLOW",
    "naïve Straße",
    "日本 語",
    "snake_case 'quoted'",
    "a*b",
)


class StoreAcceptance:
    """Subclass it, and give it a fixture `store` that yields an empty store."""

    def test_a_record_comes_back_as_it_was(self, store: Store) -> None:
        """Every JSON value survives, under the id and the sequence it was given."""
        body = {"_refs": [{"id": "a"}, 3, {"id": 4}], "n": [1.5, -0.0, 1e21, 2**70, None, True],
                "é\u2028": {"": "\U0001f600\x01\"\\"}}  # fmt: skip
        kernel = Kernel(store)
        outcome = kernel.ingest(_record(0, body=body, judged_by="did:j", signature=None))
        assert isinstance(outcome, Ingested)
        found = store.get(outcome.record["id"])
        assert found == outcome.record
        assert (found["sequence"], found["object"], found["body"]) == (1, "record", body)
        assert (store.count(), store.last_sequence()) == (1, 1)

    def test_nothing_is_found_where_nothing_is(self, store: Store) -> None:
        """Unknown ids, also impossible ones, threads and selections are empty, not errors."""
        for record_id in ("", "0" * 64, "é", "A" * 64, "0x", "zz", "00 "):
            assert store.get(record_id) is None
        assert store.thread_state("nothing") is None
        assert list(store.threads()) == []
        assert (store.count(), store.last_sequence(), store.sequence_at(2e12)) == (0, 0, 0)
        for selection in _selections():
            assert list(store.scan(selection)) == []
            assert store.containing(["glow"], selection, limit=5) == []

    def test_the_same_again_changes_nothing(self, store: Store) -> None:
        """Once stored, a record is known, within one call and across calls."""
        kernel = Kernel(store)
        first, second = kernel.ingest_many([_record(1), _record(1)])
        third = kernel.ingest(_record(1))
        assert isinstance(first, Ingested)
        assert isinstance(second, Ingested)
        assert isinstance(third, Ingested)
        assert (first.created, second.created, third.created) == (True, False, False)
        assert first.record == second.record == third.record
        assert store.count() == 1

    def test_one_record_for_a_clock(self, store: Store) -> None:
        """Another record under a taken clock is refused; its neighbours in the call are not."""
        kernel = Kernel(store)
        kernel.ingest(_record(1))
        outcomes = kernel.ingest_many(
            [_record(1, body={"other": 1}), _record(2), _record(2, body={"other": 2})]
        )
        assert [isinstance(each, Refusal) for each in outcomes] == [True, False, True]
        assert isinstance(outcomes[0], Refusal)
        assert outcomes[0].message.startswith("DuplicateClock: thread=t actor=did:a clock=1")
        assert [record["clock"] for record in store.scan(Selection())] == [1, 2]

    def test_all_or_nothing(self, store: Store) -> None:
        """What raised before its end was never there, and the next write goes on where it was."""
        kernel = Kernel(store)
        kernel.ingest(_record(0))
        stored = {"object": "record", "id": "0" * 64, "sequence": 2, **_record(1, thread="other")}
        try:
            with store.writing():
                store.append([stored])
                raise _Stop
        except _Stop:
            pass
        assert store.count() == 1
        assert store.get("0" * 64) is None
        assert store.thread_state("other") is None
        outcome = kernel.ingest(_record(2, thread="third"))
        assert isinstance(outcome, Ingested)
        assert outcome.record["sequence"] == 2
        assert [state.thread for state in store.threads()] == ["t", "third"]

    def test_it_agrees_with_memory(self, store: Store) -> None:
        """Whatever is asked of it, in whatever combination, the answers are those of memory."""
        memory = MemoryStore()
        for batch in _batches(random.Random(7)):
            assert _ids(Kernel(store).ingest_many(batch)) == _ids(Kernel(memory).ingest_many(batch))
        assert list(store.threads()) == list(memory.threads())
        for thread in _THREADS:
            assert store.thread_state(thread) == memory.thread_state(thread)
        for selection in _selections():
            expected = list(memory.scan(selection))
            assert list(store.scan(selection)) == expected, selection
            for words in (["glow"], ["glow", "the"], ["日本"], ["snake_case"], ["strasse"]):
                found = memory.containing(words, selection, limit=7)
                assert store.containing(words, selection, limit=7) == found, (selection, words)

    def test_the_doors_agree_with_memory(self, store: Store) -> None:
        """Rich queries, searches and changes answer the same over either store."""
        here, memory = Kernel(store), Kernel()
        for batch in _batches(random.Random(8)):
            here.ingest_many(batch)
            memory.ingest_many(batch)
        for request in _requests():
            ours, theirs = answer(here, request), answer(memory, request)
            assert (ours.status, ours.content) == (theirs.status, theirs.content), request

    def test_arrival_is_ordered(self, store: Store) -> None:
        """What was stored before a moment ends where the first later record begins."""
        kernel = Kernel(store)
        kernel.ingest_many([_record(0), _record(1)])
        assert store.sequence_at(0.0) == 0
        assert store.sequence_at(2e12) == 2

    def test_readers_see_whole_writes(self, store: Store) -> None:
        """While one thread writes batches, others never see half of one."""
        kernel = Kernel(store)
        seen: list[int] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.append(len(list(store.scan(Selection(thread="t")))) % 5)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for start in range(0, 150, 5):
                kernel.ingest_many([_record(start + n) for n in range(5)])
        finally:
            done.set()
            reader.join()
        assert store.count() == 150
        assert not store_is_torn(store, seen)

    def test_writers_take_turns(self, store: Store) -> None:
        """Threads that write at once leave every record once, in sequences without gaps."""
        kernel = Kernel(store)

        def write(actor: str) -> None:
            for n in range(20):
                kernel.ingest_many([_record(n, actor=actor), _record(n, actor="did:shared")])

        writers = [threading.Thread(target=write, args=(f"did:{n}",)) for n in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        records = list(store.scan(Selection()))
        assert [record["sequence"] for record in records] == list(range(1, 101))
        assert len({record["id"] for record in records}) == 100


def store_is_torn(store: Store, seen: list[int]) -> bool:
    """Whether a reader saw part of a write; memory, which has no transactions, may show it."""
    return store.name != "memory" and any(seen)


class _Stop(Exception):  # noqa: N818 (it is no error)
    """Ends a write from within."""


def _record(clock: int, **changes: Any) -> dict[str, Any]:
    record = {
        "act": "PUT", "actor": "did:a", "body": {"n": clock}, "clock": clock,
        "data_type": "SCALAR", "parents": [], "thread": "t",
    }  # fmt: skip
    return {**record, **changes}


def _batches(rng: random.Random) -> Iterator[list[dict[str, Any]]]:
    clocks = itertools.count()
    for size in (1, 7, 90, 250):
        yield [_random_record(rng, next(clocks)) for _ in range(size)]
    yield [_random_record(rng, rng.randrange(40)) for _ in range(60)]


def _random_record(rng: random.Random, clock: int) -> dict[str, Any]:
    body: dict[str, Any] = {"title": rng.choice(_TEXTS), "n": rng.choice([1, 2.5, "2", None])}
    kind = rng.choice(_KINDS)
    if kind is not None:
        body["kind"] = kind
    refs = rng.sample(_REFS, rng.randrange(3))
    if refs:
        body["_refs"] = [{"kind": "@test.ref", "id": ref} for ref in refs]
    return _record(clock, actor=rng.choice(_ACTORS), thread=rng.choice(_THREADS), body=body)


def _selections() -> Iterator[Selection]:
    criteria = itertools.product(
        (None, _THREADS[0], _THREADS[2], "unknown"),
        (None, _ACTORS[3]),
        (None, _KINDS[0], "un.known.kind"),
        (None, _REFS[2]),
        (None, 100),
        ((0, None), (37, 300)),
    )
    for thread, actor, kind, ref, above, (after, upto) in criteria:
        yield Selection(thread, actor, kind, ref, above, after, upto)


def _requests() -> Iterator[Request]:
    queries = (
        '{"filter": {"kind": "core.v1"}, "sort": {"clock": -1}, "limit": 7, "explain": false}',
        '{"filter": {"body.n": {"$gte": 2}}, "sort": {"body.title": 1, "clock": -1}, "offset": 5}',
        '{"filter": {"$or": [{"actor": "did:a"}, {"body.title": {"$ilike": "%glow%"}}]}}',
        '{"filter": {"$and": [{"thread": ""}, {"clock": {"$gt": 50}}]}, "limit": 1000}',
        '{"filter": {"kind": {"$exists": false}}, "thread": "music.library"}',
        '{"filter": {"actor": {"$nin": ["did:a"]}, "$not": {"body.n": 1}}, "limit": 0}',
    )
    for query in queries:
        yield Request("POST", "/v1/records/query", body=query.encode())
    for search in ('{"query": "glow", "k": 500}', '{"query": "NAÏVE strasse", "thread": ""}'):
        yield Request("POST", "/v1/records/search", body=search.encode())
    yield Request("GET", "/v1/sync/changes", "since=3&limit=50")
    yield Request("GET", "/v1/records", "ref=isrc:1&since=30&limit=20")
    yield Request("GET", "/v1/threads/th_%C3%A9%2F%C3%BC/records", "limit=10")
    yield Request("GET", "/v1/threads", "limit=3&offset=1")
    yield Request("GET", "/v1/threads", f"offset={2**63}")


def _ids(outcomes: list[Any]) -> list[Any]:
    return [
        each.code if isinstance(each, Refusal) else (each.record["id"], each.created)
        for each in outcomes
    ]
