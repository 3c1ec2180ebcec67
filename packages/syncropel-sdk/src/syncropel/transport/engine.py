"""Everything of a client that belongs to one event loop: its connections and its queue.

Records wait in one queue, bounded by the gate. One task at a time empties it into batches
where the server takes batches; otherwise a few tasks send single records side by side. A
caller that is cancelled stops waiting; its record is sent all the same.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ..envelope import Envelope
from .answers import Answer, Broken
from .gate import Gate
from .plan import BatchDoor, Call, Line, Pause, Plan, Renewed, Step, deliver
from .results import Outcome, Verdict
from .settings import Settings
from .wire import Wire

RenewedHook = Callable[[Renewed], Awaitable[Envelope]]


@dataclass(frozen=True, slots=True)
class _Pending:
    envelope: Envelope
    deadline: float
    future: asyncio.Future[Verdict]


class Engine:
    """Sends records for the callers of one event loop."""

    def __init__(self, settings: Settings, line: Line) -> None:
        self.loop = asyncio.get_running_loop()
        self.wire = Wire(settings)
        self._settings = settings
        self._line = line
        self._gate = Gate(
            max_items=settings.limits.max_pending, max_bytes=settings.limits.max_pending_bytes
        )
        self._queue: deque[_Pending] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._sending = 0
        self._asked_for_batch = False

    @property
    def pending(self) -> int:
        """How many records wait or are being sent."""
        return self._gate.items

    async def submit(self, envelope: Envelope) -> Verdict | None:
        """Send a record and return what became of it; None where it shall go to the spool."""
        pending = await self._enqueue(envelope)
        if not isinstance(pending, _Pending):
            return pending
        return await pending.future

    async def submit_many(self, envelopes: Sequence[Envelope]) -> list[Verdict | None]:
        """Send records and return what became of each, in their order."""
        entered = [await self._enqueue(envelope) for envelope in envelopes]
        return [await entry.future if isinstance(entry, _Pending) else entry for entry in entered]

    async def run(
        self, plan: Plan, *, deadline: float, renewed: RenewedHook | None = None
    ) -> list[Verdict]:
        """Carry out a delivery plan."""
        answer: Answer | Broken | Envelope | None = None
        while True:
            try:
                step: Step = plan.send(answer)
            except StopIteration as end:
                verdicts: list[Verdict] = end.value
                return verdicts
            answer = await self._carry_out(step, deadline, renewed)

    async def exchange(self, call: Call) -> Answer | Broken:
        """Make one exchange outside any plan: a read."""
        return await self.wire.exchange(call, seconds=self._settings.policy.timeout_s)

    async def learn_batch_door(self) -> None:
        """Ask once whether the server takes batches."""
        if self._asked_for_batch or not self._settings.limits.batch:
            return
        self._asked_for_batch = True
        answer = await self.exchange(Call("GET", "/v1/capabilities"))
        if isinstance(answer, Answer) and answer.status == 200:
            self._line.batch = batch_door(answer, self._settings.limits.max_batch_records)
        elif isinstance(answer, Broken) or answer.status >= 500:
            self._asked_for_batch = False  # nobody said no; ask again next time

    async def drain(self, seconds: float) -> None:
        """Wait until nothing is queued or being sent, at most `seconds`."""
        if self._senders:
            await asyncio.wait(set(self._senders), timeout=seconds)

    async def close(self) -> None:
        """Stop sending and close the connections; whoever waits is told."""
        for sender in tuple(self._senders):
            sender.cancel()
        if self._senders:
            await asyncio.gather(*self._senders, return_exceptions=True)
        self._fail_queued("ClientClosedError: the client was closed", Outcome.UNREACHABLE)
        await self.wire.close()

    async def _enqueue(self, envelope: Envelope) -> "_Pending | Verdict | None":
        size = len(envelope.wire)
        deadline = self._line.now() + self._settings.policy.deadline_s
        if not self._gate.try_enter(size):
            if self._settings.overflow == "spool":
                return None
            if self._settings.overflow == "drop_oldest":
                self._drop_until_room(size)
            if not await self._gate.enter(size, seconds=self._settings.policy.deadline_s):
                error = f"QueueFull: no room within {self._settings.policy.deadline_s} s"
                return Verdict(envelope, Outcome.UNREACHABLE, error)
        pending = _Pending(envelope, deadline, self.loop.create_future())
        self._queue.append(pending)
        self._wake()
        return pending

    def _drop_until_room(self, size: int) -> None:
        while self._queue and not self._gate.has_room(size):
            oldest = self._queue.popleft()
            self._settings.telemetry.dropped("overflow", 1)
            error = "QueueOverflow: newer records took its place"
            self._settle(oldest, Verdict(oldest.envelope, Outcome.DROPPED, error))

    def _wake(self) -> None:
        width = 1 if self._line.batch else self._settings.limits.max_connections
        if self._sending < width:
            self._sending += 1
            sender = self.loop.create_task(self._send_queued())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)

    async def _send_queued(self) -> None:
        # Counted here and not by the task's end, which is noticed one turn of the loop later:
        # what is enqueued in that turn would find a sender that no longer looks.
        try:
            await self._empty_queue()
        finally:
            self._sending -= 1

    async def _empty_queue(self) -> None:
        while self._queue:
            if len(self._queue) > 1:
                await self.learn_batch_door()
            batch = self._next_batch()
            if not batch:
                return
            try:
                await self._send(batch)
            except asyncio.CancelledError:
                error = "CancelledError: the event loop is ending"
                for pending in batch:
                    self._settle(pending, Verdict(pending.envelope, Outcome.UNREACHABLE, error))
                raise

    async def _send(self, batch: list[_Pending]) -> None:
        deadline = min(pending.deadline for pending in batch)
        plan = deliver([pending.envelope for pending in batch], self._line, deadline=deadline)
        with self._settings.telemetry.sending(len(batch)):
            verdicts = await self.run(plan, deadline=deadline)
        for pending, verdict in zip(batch, verdicts, strict=True):
            self._settle(pending, verdict)

    def _next_batch(self) -> list[_Pending]:
        """Take as many as fit into one request."""
        door = self._line.batch
        most, room = (door.max_records, door.max_bytes - 64) if door else (1, 0)
        batch: list[_Pending] = []
        while self._queue and len(batch) < most:
            room -= len(self._queue[0].envelope.wire) + 1
            if batch and room < 0:
                break
            batch.append(self._queue.popleft())
        return batch

    def _settle(self, pending: _Pending, verdict: Verdict) -> None:
        self._gate.leave(len(pending.envelope.wire))
        if not pending.future.done():
            pending.future.set_result(verdict)
        elif not verdict.delivered:  # a cancelled caller no longer asks, and will not hear of it
            self._settings.telemetry.dropped("abandoned", 1)

    def _fail_queued(self, error: str, outcome: Outcome) -> None:
        while self._queue:
            pending = self._queue.popleft()
            self._settle(pending, Verdict(pending.envelope, outcome, error))

    async def _carry_out(
        self, step: Step, deadline: float, renewed: RenewedHook | None
    ) -> Answer | Broken | Envelope | None:
        if isinstance(step, Call):
            left = min(self._settings.policy.timeout_s, deadline - self._line.now())
            headers = self._settings.telemetry.headers()
            return await self.wire.exchange(step, seconds=left, headers=headers)
        if isinstance(step, Pause):
            self._settings.telemetry.retrying(step.seconds)
            await asyncio.sleep(step.seconds)
        elif renewed is not None:
            return await renewed(step)
        return None


def batch_door(answer: Answer, most: int) -> BatchDoor | None:
    """Read a server's batch door from its capabilities."""
    value = answer.json()
    batch = value.get("batch") if isinstance(value, dict) else None
    if not isinstance(batch, dict):
        return None
    path, records, size = (batch.get(name) for name in ("path", "max_records", "max_bytes"))
    if not (isinstance(path, str) and path.startswith("/") and not path.startswith("//")):
        return None
    return BatchDoor(
        path,
        max(1, min(most, records)) if type(records) is int else most,
        max(1_024, size) if type(size) is int else 1 << 20,
    )
