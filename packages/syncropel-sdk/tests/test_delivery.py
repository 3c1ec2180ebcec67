"""The parts of delivery that need no socket: plans, retries, the gate, clocks, keys, telemetry."""

import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncropel import (
    Breaker,
    Client,
    Identity,
    Record,
    canonical_json,
    canonical_value,
    content_id,
)
from syncropel.clock import AutoClock
from syncropel.envelope import draft, read_envelope, renew, seal
from syncropel.kernel import Kernel, Request, answer
from syncropel.transport import (
    Answer,
    BatchDoor,
    Broken,
    Call,
    Line,
    Outcome,
    Pause,
    Renewed,
    RetryPolicy,
    deliver,
    parse_retry_after,
)
from syncropel.transport.gate import Gate

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
ME = Identity.static("did:test:me")
Make = Callable[..., Client]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_canonical_json_is_a_fixed_point(value: object) -> None:
    """Reading canonical JSON back and writing it again changes nothing; the value is the same."""
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text
    assert json.loads(text) == value
    assert canonical_json(canonical_value(value)) == text


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)
bodies = st.dictionaries(texts, values, max_size=5)
parent_ids = st.lists(st.text(min_size=1, alphabet="0123456789abcdef"), max_size=4)


@given(bodies, parent_ids, st.integers(0, 2**63 - 1), texts)
def test_every_way_to_an_id_is_the_same(body: dict, parents: list, clock: int, thread: str) -> None:
    """The sealed envelope, the record, the mapping and the kernel agree on the id."""
    envelope = seal(
        draft(act="PUT", kind="a.b.c", body=body, thread=thread, parents=parents), ME, clock=clock
    )
    sent = json.loads(envelope.wire)
    record = Record("PUT", "did:test:me", sent["body"], clock, parents, thread)
    assert envelope.id == content_id(sent) == content_id(record)
    reply = answer(Kernel(), Request("POST", "/v1/records", body=envelope.wire))
    assert (reply.status, reply.value["id"]) == (201, envelope.id)
    assert read_envelope(envelope.wire, own_clock=False).id == envelope.id
    again = renew(envelope, ME, clock=clock)
    assert again.wire == envelope.wire


def line(**options: object) -> Line:
    policy = RetryPolicy(max_retries=2, backoff_s=0.01)
    return Line(ME, AutoClock(), policy, Breaker(), rng=random.Random(1), **options)  # type: ignore[arg-type]


def envelopes(count: int, **options: object) -> list:
    return [
        seal(draft(**EMIT, body={"n": n}, **options), ME, clock=n)  # type: ignore[arg-type]
        for n in range(count)
    ]


def carry_out(plan, respond: Callable[[Call], Answer | Broken]) -> tuple[list, list]:
    """Carry a plan out by hand; returns the verdicts and the steps."""
    steps: list = []
    reply = None
    while True:
        try:
            step = plan.send(reply)
        except StopIteration as end:
            return end.value, steps
        steps.append(step)
        reply = respond(step) if isinstance(step, Call) else None


def kernel_answers(kernel: Kernel) -> Callable[[Call], Answer]:
    def respond(call: Call) -> Answer:
        path, _, query = call.path.partition("?")
        reply = answer(kernel, Request(call.method, path, query, body=call.content))
        return Answer(reply.status, reply.content)

    return respond


MOVES = ["ok", "lost", "broken", "503", "html", "401", "400"]


@given(st.lists(st.sampled_from(MOVES), max_size=12), st.booleans())
def test_any_sequence_of_answers_ends_well(script: list[str], batch: bool) -> None:
    """Whatever the answers: a verdict for each record, no second copy, nothing claimed falsely."""
    kernel = Kernel()
    real = kernel_answers(kernel)
    answers = iter(script)

    def respond(call: Call) -> Answer | Broken:
        move = next(answers, "ok")
        if move in {"ok", "lost"}:
            reply = real(call)
            return reply if move == "ok" else Broken("ReadError: cut")
        return {
            "broken": Broken("ConnectError: no", doubtful=False), "503": Answer(503),
            "html": Answer(200, b"<html>"), "401": Answer(401, b'{"code":"AUTH_REQUIRED"}'),
            "400": Answer(400, b'{"error":"INGEST_FAILED","message":"bad"}'),
        }[move]  # fmt: skip

    door = BatchDoor("/v1/records/batch", 100, 1 << 20) if batch else None
    sent = envelopes(4)
    verdicts, steps = carry_out(deliver(sent, line(batch=door), deadline=1e18), respond)
    assert [verdict.envelope.id for verdict in verdicts] == [each.id for each in sent]
    stored = [record["id"] for record in kernel.store.scan(_everything())]
    assert len(stored) == len(set(stored))
    for verdict in verdicts:
        if verdict.delivered:
            assert verdict.envelope.id in stored
    assert sum(isinstance(step, Pause) for step in steps) <= 2 * 4 + 2


def _everything():
    from syncropel.kernel import Selection

    return Selection()


def test_a_batch_resolves_taken_clocks_together() -> None:
    """Taken clocks in a batch cost one question; new ids are announced before they are sent."""
    kernel = Kernel()
    for clock in range(3):
        kernel.ingest({**json.loads(envelopes(3)[clock].wire), "body": {"other": clock}})
    door = BatchDoor("/v1/records/batch", 100, 1 << 20)
    verdicts, steps = carry_out(
        deliver(envelopes(5), line(batch=door), deadline=1e18), kernel_answers(kernel)
    )
    assert all(verdict.delivered for verdict in verdicts)
    assert [bool(verdict.replaces) for verdict in verdicts] == [True] * 3 + [False] * 2
    assert [type(step).__name__ for step in steps] == ["Call", "Call"] + ["Renewed"] * 3 + ["Call"]
    assert kernel.store.count() == 8
    assert {step.new.id for step in steps if isinstance(step, Renewed)} <= {
        verdict.envelope.id for verdict in verdicts
    }


def test_a_signed_record_of_another_identity_keeps_its_clock() -> None:
    """What somebody else signed cannot be given another clock here; it is refused, not forged."""
    other = Identity.key(bytes(range(32)))
    envelope = seal(draft(**EMIT, body={}), other, clock=1)
    kernel = Kernel()
    kernel.ingest({**json.loads(envelope.wire), "body": {"other": 1}})
    [verdict], _ = carry_out(deliver([envelope], line(), deadline=1e18), kernel_answers(kernel))
    assert verdict.outcome is Outcome.REJECTED
    assert kernel.store.count() == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0.0), ("5", 5.0), (" 7 ", 7.0), ("Fri, 20 Nov 2026 10:00:30 GMT", 30.0),
     ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0), ("soon", None), ("", None), (None, None),
     ("-1", None), ("\u0661", None), ("1.5", None), ("Fri, 99 Nov 2026 10:00:30 GMT", None)],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """Seconds and dates are understood; anything else is no wish at all."""
    now = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)
    assert parse_retry_after(value, now=now) == seconds


@given(st.integers(0, 50), st.integers())
def test_backoff_is_full_jitter_within_bounds(retried: int, seed: int) -> None:
    """Every wait is between nothing and the doubled, bounded wait."""
    policy = RetryPolicy(backoff_s=0.25, max_backoff_s=30)
    wait = policy.backoff(retried, random.Random(seed))
    assert 0 <= wait <= min(30, 0.25 * 2**retried)


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=40))
def test_the_gate_never_overfills(moves: list[tuple[int, bool]]) -> None:
    """At most so many items and bytes are inside, whoever waits, leaves or is cancelled."""

    async def scenario() -> None:
        gate = Gate(max_items=5, max_bytes=100)
        inside: list[int] = []
        waiting: list[tuple[int, asyncio.Task]] = []
        for size, leave in moves:
            waiting.append((size, asyncio.create_task(gate.enter(size, seconds=60))))
            await asyncio.sleep(0)
            for entry in [each for each in waiting if each[1].done()]:
                waiting.remove(entry)
                inside.append(entry[0])
            assert (gate.items, gate.bytes) == (len(inside), sum(inside))
            assert gate.items <= 5
            assert gate.bytes <= 100
            if leave and inside:
                gate.leave(inside.pop())
            elif leave and waiting:
                waiting.pop()[1].cancel()
                await asyncio.sleep(0)
        while inside or waiting:
            while inside:
                gate.leave(inside.pop())
            await asyncio.sleep(0)
            inside += [size for size, task in waiting if task.done() and not task.cancelled()]
            waiting = [each for each in waiting if not each[1].done()]
        assert (gate.items, gate.bytes) == (0, 0)

    asyncio.run(scenario())


def test_the_gate_gives_up_in_time() -> None:
    """Waiting for room ends after the given seconds; the place in line is free again."""

    async def scenario() -> None:
        gate = Gate(max_items=1, max_bytes=10)
        assert gate.try_enter(5)
        assert not await gate.enter(5, seconds=0.01)
        gate.leave(5)
        assert await gate.enter(500, seconds=0.01)

    asyncio.run(scenario())


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=60))
def test_clocks_rise(moves: list[tuple[str, int]]) -> None:
    """Whatever the wall clock does, and whoever collides, a thread's clocks rise."""
    wall = [1_000]
    clock = AutoClock(now_ms=lambda: wall[0], rng=random.Random(0))
    last: dict[str, int] = {}
    for thread, move in moves:
        wall[0] += (-500, 0, 1, 700)[move]
        if move == 0:
            clock.collided(thread, highest=last.get(thread, 0) + 3)
        fresh = clock.next(thread)
        assert fresh > last.get(thread, -1)
        last[thread] = fresh


def test_clocks_forget_threads_and_still_rise() -> None:
    """The memory of threads is bounded; a forgotten thread starts above what it had."""
    clock = AutoClock(now_ms=lambda: 5)
    first = [clock.next("old") for _ in range(10)][-1]
    for n in range(70_000):
        clock.next(str(n))
    assert len(clock._last) <= 65_536
    assert clock.next("old") > first
