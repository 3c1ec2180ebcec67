"""Emptying a spool: the oldest records first, in order per (actor, thread), until all are sent.

A record leaves the spool only when the server has answered with its id. One that a kernel
refuses for good is parked. One that is held (credentials, a full store, a captive portal)
makes its whole lane wait, so that the order stays; no answer at all makes everything wait.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ..envelope import Envelope
from ..errors import SpoolError
from ..transport.engine import Engine
from ..transport.plan import Line, Renewed, deliver
from ..transport.results import Outcome, Verdict
from ..transport.settings import Settings
from .file import SpoolFile
from .lock import DrainLock
from .records import Portion, Settlement
from .spool import Spool

_log: Final = logging.getLogger("syncropel")
_MOST_BYTES: Final = 4 << 20
_TROUBLE_BASE_S: Final = 0.25
_TROUBLE_MAX_S: Final = 30.0


class Drain:
    """The task that empties one spool; any number may run, one at a time does the work."""

    def __init__(self, spool: Spool, engine: Engine, line: Line, settings: Settings) -> None:
        self._spool = spool
        self._engine = engine
        self._line = line
        self._settings = settings
        self._lock = DrainLock(spool.path)
        self._file = SpoolFile(spool.path)
        self._ended: asyncio.Future[None] | None = None
        self._news = asyncio.Event()
        self.empty = False
        """Whether the last look found nothing to send; False until it has looked."""
        self._task = engine.loop.create_task(self._run())
        self._rng = random.Random()  # noqa: S311 (spreads attempts, guards nothing)

    def wake(self) -> None:
        """Say that there is something to send, or reason to try again."""
        self._news.set()

    async def stop(self) -> None:
        """End the task; what is not sent stays in the spool."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._ended is not None:
            await self._ended

    async def _run(self) -> None:
        trouble = 0
        try:
            while True:
                delivered, pause = 0, self._spool.poll_s
                try:
                    if self._lock.acquire():
                        delivered, pause = await self._round()
                except (SpoolError, OSError) as error:
                    _log.warning("the spool cannot be drained: %s", error)
                    pause = _TROUBLE_BASE_S
                trouble = 0 if delivered or pause == self._spool.poll_s else trouble + 1
                if pause:
                    await self._rest(pause, trouble)
        finally:
            # Not here: another thread may be in the middle of a commit.
            self._ended = self._engine.loop.run_in_executor(None, self._finish)

    def _finish(self) -> None:
        self._file.close()
        self._lock.release()

    async def _rest(self, pause: float, trouble: int) -> None:
        """Wait for news; after trouble, longer each time, whatever the news."""
        self._news.clear()
        if trouble:
            pause = self._rng.uniform(0.5, 1) * min(_TROUBLE_MAX_S, pause * 2 ** min(trouble, 20))
        try:
            async with asyncio.timeout(pause):
                await self._news.wait()
        except TimeoutError:
            return

    async def _round(self) -> tuple[int, float]:
        """Send one portion; returns how many were delivered and how long to rest after it."""
        file = self._file
        await self._drop_old(file)
        await self._engine.learn_batch_door()
        door = self._line.batch
        portion = await asyncio.to_thread(
            file.take,
            records=door.max_records if door else 50 * self._settings.limits.max_connections,
            size=min(door.max_bytes - 64, _MOST_BYTES) if door else _MOST_BYTES,
        )
        self.empty = not portion.envelopes
        if self.empty:
            return 0, self._spool.poll_s
        verdicts = await (self._send(file, portion) if door else self._send_by_lane(file, portion))
        settlement = settle(verdicts)
        await asyncio.to_thread(file.settle, settlement)
        stuck = any(verdict.outcome is Outcome.UNREACHABLE for verdict in verdicts)
        return len(settlement.delivered), _TROUBLE_BASE_S if stuck else 0.0

    async def _send(self, file: SpoolFile, portion: Portion) -> list[Verdict]:
        async def note(renewed: Renewed) -> Envelope:
            return await asyncio.to_thread(
                file.rename, renewed.old.id, renewed.new, again=self._line.renewed
            )

        deadline = self._line.now() + self._settings.policy.deadline_s
        plan = deliver(
            portion.envelopes, self._line, deadline=deadline, doubtful=portion.tried
        )  # what was tried before, perhaps by a process that is gone, may have arrived
        with self._settings.telemetry.sending(len(portion.envelopes)):
            return await self._engine.run(plan, deadline=deadline, renewed=note)

    async def _send_by_lane(self, file: SpoolFile, portion: Portion) -> list[Verdict]:
        """Send lanes side by side, each in its own order, each until it gets stuck."""
        lanes: dict[tuple[str, str], list[Envelope]] = {}
        for each in portion.envelopes:
            lanes.setdefault(each.lane, []).append(each)
        side_by_side = asyncio.Semaphore(self._settings.limits.max_connections)

        async def send_lane(lane: list[Envelope]) -> list[Verdict]:
            verdicts: list[Verdict] = []
            async with side_by_side:
                for each in lane:
                    verdicts += await self._send(file, replace(portion, envelopes=[each]))
                    if verdicts[-1].outcome in {Outcome.UNREACHABLE, Outcome.HELD}:
                        break
            return verdicts

        by_lane = await asyncio.gather(*map(send_lane, lanes.values()))
        return [verdict for verdicts in by_lane for verdict in verdicts]

    async def _drop_old(self, file: SpoolFile) -> None:
        max_age_s = self._spool.max_age_s
        if max_age_s is None:
            return

        def drop_and_tell() -> None:  # in one go: whoever stops the drain stops neither
            self._spool.gave_up("age", file.drop_older(time.time() - max_age_s))

        await asyncio.to_thread(drop_and_tell)


def settle(verdicts: Sequence[Verdict]) -> Settlement:
    """Sort verdicts into what the spool has to note. Pure."""
    settlement = Settlement()
    for verdict in verdicts:
        envelope: Envelope = verdict.envelope
        error: Any = verdict.error or ""
        if verdict.outcome is Outcome.DELIVERED:
            settlement.delivered.append(envelope.id)
            settlement.moved.add(envelope.lane)
        elif verdict.outcome is Outcome.REJECTED:
            settlement.parked[envelope.id] = error
        else:
            settlement.waiting[envelope.id] = error
            if verdict.outcome is Outcome.HELD and verdict.http_status is not None:
                settlement.held.add(envelope.lane)
    return settlement
