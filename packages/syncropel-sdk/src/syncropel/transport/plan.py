"""How records are delivered, as a plan without any input or output of its own.

A plan is a generator: it yields a `Call`, a `Pause` or a `Renewed`, is sent what came of it,
and returns verdicts. The engine carries plans out over httpx; a test can carry one out by hand.
"""

import random
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from ..clock import AutoClock
from ..envelope import Envelope, Signer, renew
from ..vocabulary import MAX_CLOCK
from .answers import (
    Answer,
    Broken,
    ClockTaken,
    Judgement,
    Refused,
    Stored,
    TryAgain,
    batch_items,
    judge,
    judge_failure,
    judge_item,
)
from .breaker import Breaker
from .results import Outcome, Verdict
from .retry import RetryPolicy

RECORDS: Final = "/v1/records"
_SMALL_ANSWER: Final = 1 << 20
_MAX_CLOCK_RACES: Final = 64


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP exchange to make; an answer longer than `max_answer` is a broken one."""

    method: str
    path: str
    content: bytes = b""
    max_answer: int = _SMALL_ANSWER


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renewed:
    """A record changes its clock, hence its id. Whoever keeps the old one must note it first.

    The answer may be yet another envelope, where the new id is kept already; None takes `new`.
    """

    old: Envelope
    new: Envelope


Step = Call | Pause | Renewed
Plan = Generator[Step, Any, list[Verdict]]


@dataclass(frozen=True, slots=True)
class BatchDoor:
    """A server's batch door and what it takes."""

    path: str
    max_records: int
    max_bytes: int


@dataclass
class Line:
    """What every delivery of one client shares."""

    signer: Signer
    clock: AutoClock
    policy: RetryPolicy
    breaker: Breaker
    batch: BatchDoor | None = None
    rng: random.Random = field(default_factory=random.Random)
    now: Callable[[], float] = time.monotonic

    def signer_of(self, envelope: Envelope) -> Signer | None:
        """Return who can seal this record anew; None where that takes somebody else's key."""
        if envelope.actor == self.signer.actor_did:
            return self.signer
        return None if envelope.signed else _Unsigned(envelope.actor)

    def renewed(self, envelope: Envelope, *, skip: int = 0) -> Envelope | None:
        """Give a record another clock, past `skip` that may be taken as well.

        None where that is not ours to do, or no clock is left.
        """
        if envelope.own_clock:
            return None
        if skip:
            self.clock.observe(envelope.thread, envelope.clock + skip)
        signer = self.signer_of(envelope)
        clock = self.clock.next(envelope.thread)
        if signer is None or clock > MAX_CLOCK:
            return None
        return renew(envelope, signer, clock=clock)


@dataclass(frozen=True, slots=True)
class _Unsigned:
    actor_did: str

    def signature(self, content: bytes) -> None:  # noqa: ARG002 (the protocol's shape)
        return None


@dataclass
class _Attempts:
    """The retries of one delivery, against the policy and the deadline."""

    line: Line
    deadline: float
    retried: int = 0
    doubtful: bool = False

    def pause(self, again: TryAgain) -> float | None:
        """Return how long to wait before the next attempt; None where there is none."""
        self.doubtful = self.doubtful or again.doubtful
        policy = self.line.policy
        if self.retried >= policy.max_retries:
            return None
        wait = policy.backoff(self.retried, self.line.rng)
        wait = max(wait, again.wait or 0.0)
        if self.line.now() + wait >= self.deadline:
            return None
        self.retried += 1
        return wait


def deliver(
    envelopes: Sequence[Envelope], line: Line, *, deadline: float, doubtful: bool = False
) -> Plan:
    """Deliver records in order, through the batch door where the server has one.

    `doubtful` says that some may have been sent before, by a process that heard no answer.
    """
    attempts = _Attempts(line, deadline, doubtful=doubtful)
    items = [_Item(envelope) for envelope in envelopes]
    done: dict[int, Verdict] = {}
    todo = list(range(len(items)))
    door = line.batch
    while todo:
        if len(todo) == 1 or door is None:
            for index in todo:
                done[index] = yield from _deliver_one(items[index], attempts)
            break
        sending = [items[index].envelope for index in todo]
        answer = yield from _exchange(_batch_call(door, sending), line)
        results = batch_items(answer, len(todo))
        if results is None:
            todo, door = yield from _batch_failed(answer, items, todo, done, attempts)
        else:
            todo = yield from _batch_results(results, items, todo, done, attempts)
    return [done[index] for index in range(len(items))]


@dataclass
class _Item:
    """One record on its way, and the ids it gave up."""

    envelope: Envelope
    replaces: tuple[str, ...] = ()

    def renewed(self, envelope: Envelope) -> "_Item":
        return _Item(envelope, (*self.replaces, self.envelope.id))


def _deliver_one(
    item: _Item, shared: _Attempts, *, doubtful: bool = False
) -> Generator[Step, Any, Verdict]:
    line = shared.line
    attempts = _Attempts(line, shared.deadline, doubtful=shared.doubtful or doubtful)
    while True:
        envelope = item.envelope
        answer = yield from _exchange(
            Call("POST", RECORDS, envelope.wire, _SMALL_ANSWER + 2 * len(envelope.wire)), line
        )
        judgement = judge(answer, envelope.id)
        if isinstance(judgement, ClockTaken):
            races = len(item.replaces)
            judgement, fresh = yield from _contend(envelope, judgement, attempts, races)
            if fresh is not None:
                item = item.renewed(fresh)
                continue
        elif _is_anothers(judgement) and _may_renew(item, line, attempts):
            yield from _reseed(envelope, line)
            fresh = yield from _announce(envelope, line)
            if fresh is not None:
                item = item.renewed(fresh)
                continue
        if isinstance(judgement, TryAgain):
            wait = attempts.pause(judgement)
            if wait is not None:
                yield Pause(wait)
                continue
        return _verdict(item, judgement, attempts.retried)


def _contend(
    envelope: Envelope, taken: ClockTaken, attempts: _Attempts, races: int
) -> Generator[Step, Any, tuple[Judgement, Envelope | None]]:
    """Settle a taken clock: it was ours after all, or the record gets another one."""
    line = attempts.line
    if attempts.doubtful:
        # An earlier attempt may have arrived. Ask for the id before giving it up.
        found = yield from _ask(f"{RECORDS}/{envelope.id}", line)
        if isinstance(found, Broken):
            return TryAgain(found.error), None
        if isinstance(judge(found, envelope.id), Stored):
            return judge(found, envelope.id), None
    if envelope.own_clock:
        return Refused(f"{taken.error} (the clock is the caller's own)", taken.status), None
    if races >= _MAX_CLOCK_RACES or line.now() >= attempts.deadline:
        return TryAgain(taken.error, taken.status), None
    yield from _reseed(envelope, line)
    fresh = yield from _announce(envelope, line)
    if fresh is None:
        return Refused(f"{taken.error} (no other clock can be signed here)", taken.status), None
    attempts.doubtful = False
    return taken, fresh


def _is_anothers(judgement: Judgement) -> bool:
    """Whether the server knew the record before we sent it, if this was the first attempt.

    Two writers that say the same under the same clock make the same id. Both were told that
    their record is kept, so there have to be two.
    """
    return isinstance(judgement, Stored) and judgement.known


def _announce(envelope: Envelope, line: Line) -> Generator[Step, Any, Envelope | None]:
    """Take another clock and let whoever keeps the record note it; None where there is none."""
    fresh = line.renewed(envelope)
    if fresh is None:
        return None
    kept: Envelope | None = yield Renewed(envelope, fresh)
    return kept or fresh


def _reseed(envelope: Envelope, line: Line) -> Generator[Step, Any, None]:
    """Move the automatic clock past what the server has for this actor."""
    path = f"/v1/threads/{quote(envelope.thread, safe='').replace('.', '%2E')}/state"
    answer = yield from _ask(path, line)
    value = answer.json() if isinstance(answer, Answer) and answer.status == 200 else None
    clocks = value.get("actor_clocks") if isinstance(value, dict) else None
    highest = clocks.get(envelope.actor) if isinstance(clocks, dict) else None
    line.clock.collided(envelope.thread, highest=highest if type(highest) is int else None)


def _batch_results(
    results: list[dict[str, Any]],
    items: list[_Item],
    todo: list[int],
    done: dict[int, Verdict],
    attempts: _Attempts,
) -> Generator[Step, Any, list[int]]:
    """Note what is settled; return the indexes that go into another round."""
    line = attempts.line
    again: list[int] = []
    reseeded: set[tuple[str, str]] = set()
    for index, result in zip(todo, results, strict=True):
        item = items[index]
        judgement = judge_item(result, item.envelope.id)
        taken = isinstance(judgement, ClockTaken) or _is_anothers(judgement)
        if taken and _may_renew(item, line, attempts):
            if item.envelope.lane not in reseeded:
                reseeded.add(item.envelope.lane)
                yield from _reseed(item.envelope, line)
            fresh = yield from _announce(item.envelope, line)
            if fresh is not None:
                items[index] = item.renewed(fresh)
                again.append(index)
                continue
        if isinstance(judgement, ClockTaken | TryAgain):
            # Rare: settle it alone, with every question the single path knows to ask.
            doubtful = isinstance(judgement, TryAgain) and judgement.doubtful
            done[index] = yield from _deliver_one(item, attempts, doubtful=doubtful)
            continue
        done[index] = _verdict(item, judgement, attempts.retried)
    return again


def _may_renew(item: _Item, line: Line, attempts: _Attempts) -> bool:
    """Whether a taken clock can simply be replaced, without asking whether it was ours."""
    return (
        not attempts.doubtful
        and not item.envelope.own_clock
        and len(item.replaces) < _MAX_CLOCK_RACES
        and line.now() < attempts.deadline
    )


def _batch_failed(
    answer: Answer | Broken,
    items: list[_Item],
    todo: list[int],
    done: dict[int, Verdict],
    attempts: _Attempts,
) -> Generator[Step, Any, tuple[list[int], BatchDoor | None]]:
    """Decide about a batch that was not answered record by record."""
    line = attempts.line
    status = None if isinstance(answer, Broken) else answer.status
    if status in {400, 404, 405, 413, 422, 501}:
        # No such door, or one record spoils the rest: each record stands for itself.
        if status in {404, 405, 501}:
            line.batch = None
        else:
            attempts.doubtful = True  # it may have taken some before it refused one
        return todo, None
    judgement = _whole(answer)
    wait = attempts.pause(judgement) if isinstance(judgement, TryAgain) else None
    if wait is None:
        for index in todo:
            done[index] = _verdict(items[index], judgement, attempts.retried)
        return [], None
    yield Pause(wait)
    return todo, line.batch


def _whole(answer: Answer | Broken) -> Judgement:
    if isinstance(answer, Answer) and 200 <= answer.status < 300:
        return Refused(f"{answer.error} (no answer to a batch)", answer.status, held=True)
    return judge(answer, "") if isinstance(answer, Broken) else judge_failure(answer)


def _ask(path: str, line: Line) -> Generator[Step, Any, Answer | Broken]:
    """Ask a question; once more where the first breaks, which may only be an old connection."""
    answer = yield from _exchange(Call("GET", path), line)
    if isinstance(answer, Broken) and answer.again:
        answer = yield from _exchange(Call("GET", path), line)
    return answer


def _exchange(call: Call, line: Line) -> Generator[Step, Any, Answer | Broken]:
    """Make one exchange, unless the circuit is open."""
    wait = line.breaker.wait()
    if wait:
        return Broken(
            f"CircuitOpenError: nothing answered lately; next attempt in {wait:.1f} s",
            again=False,
            doubtful=False,
        )
    answer: Answer | Broken = yield call
    if isinstance(answer, Broken) and answer.again:
        line.breaker.failed()
    elif isinstance(answer, Answer) and answer.status not in {502, 503, 504}:
        line.breaker.succeeded()
    return answer


def _batch_call(door: BatchDoor, envelopes: Sequence[Envelope]) -> Call:
    content = b'{"records":[' + b",".join(each.wire for each in envelopes) + b"]}"
    return Call("POST", door.path, content, _SMALL_ANSWER + 2 * len(content))


def _verdict(item: _Item, judgement: Judgement, retried: int) -> Verdict:
    envelope, replaces = item.envelope, item.replaces
    if isinstance(judgement, Stored):
        return Verdict(
            envelope, Outcome.DELIVERED, retried=retried, replaces=replaces,
            sequence=judgement.sequence,
        )  # fmt: skip
    outcome = Outcome.UNREACHABLE
    if isinstance(judgement, Refused):
        outcome = Outcome.HELD if judgement.held else Outcome.REJECTED
    return Verdict(envelope, outcome, judgement.error, judgement.status, retried, replaces)
