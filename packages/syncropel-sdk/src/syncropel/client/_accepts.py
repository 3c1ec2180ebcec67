"""From a checked draft to its result: sealed, then on the disk or at the server, then told.

The promise of the package is kept here: whatever happens below, there is a result.
"""

import asyncio
from collections.abc import Sequence

from ..envelope import Draft, Envelope, seal
from ..errors import InvalidArgumentError, SpoolError, SyncropelError
from ..reads import Failure
from ..spool import Entry
from ..transport import (
    BlockingSender,
    EmitResult,
    Engine,
    Outcome,
    Verdict,
    result_of,
    spooled_result,
)
from ..vocabulary import MAX_CLOCK
from ._core import ClientCore


class Accepts(ClientCore):
    """What happens to a record once its arguments are found right."""

    async def _emit(self, checked: Draft) -> EmitResult:
        result = await self._guarded(checked)
        self._note(result)
        await self._announce(result)
        return result

    async def _emit_all(self, drafts: Sequence[Draft]) -> list[EmitResult]:
        """The same for many: one wait for the disk, or few requests, for all of them."""
        if self._closed or self._settings.overflow == "spool":
            return list(await asyncio.gather(*map(self._emit, drafts)))
        sealed = [self._try_seal(checked) for checked in drafts]
        ready = [each for each in sealed if isinstance(each, Envelope)]
        try:
            accepted = iter(await self._accept_all(ready, self._engine()))
        except Exception as error:  # noqa: BLE001 (see _guarded)
            accepted = iter(_failed(each, error, each) for each in ready)
        results = [next(accepted) if isinstance(each, Envelope) else each for each in sealed]
        for result in results:
            self._note(result)
            await self._announce(result)
        return results

    async def _guarded(self, checked: Draft) -> EmitResult:
        if self._closed:
            return self._after_close(checked)
        envelope = None
        try:
            envelope = self._sealed(checked)
            return await self._accept(envelope, self._engine())
        except Exception as error:  # noqa: BLE001 (this is where fail-open is made true)
            return _failed(checked, error, envelope)

    def _emit_blocking(self, checked: Draft) -> EmitResult:
        """Send in this thread where that can be; else wait for an event loop in another one."""
        if self._closed:
            return self._after_close(checked)
        sender = self._blocking
        if sender is None or self.on_emit is not None or not sender.enter():
            return self._portal_now().call(self._emit(checked))
        try:
            result = self._sent_here(checked, sender)
        finally:
            sender.leave()
        self._note(result)
        self._settings.telemetry.emitted(result)
        return result

    def _sent_here(self, checked: Draft, sender: BlockingSender) -> EmitResult:
        envelope = None
        try:
            envelope = self._sealed(checked)
            return result_of(sender.send(envelope))
        except Exception as error:  # noqa: BLE001 (see _guarded)
            return _failed(checked, error, envelope)

    async def _accept(self, envelope: Envelope, engine: Engine) -> EmitResult:
        if self.spool is None:
            return _result(await engine.submit(envelope), envelope)
        if self._settings.overflow != "spool" or not self._drains[engine.loop].empty:
            # What waits in the spool goes first, or a thread would be told out of order.
            entry = Entry(envelope, self._line.renewed)
            await self._spool([entry], engine)
            return await self._spooled_or_sent(entry, engine)
        verdict = await engine.submit(envelope)
        if verdict is None or verdict.outcome in {Outcome.UNREACHABLE, Outcome.HELD}:
            return await self._spooled_or_failed(verdict, envelope, engine)
        return result_of(verdict)

    async def _accept_all(self, envelopes: Sequence[Envelope], engine: Engine) -> list[EmitResult]:
        if self.spool is None:
            verdicts = await engine.submit_many(envelopes)
            return [_result(*each) for each in zip(verdicts, envelopes, strict=True)]
        entries = [Entry(envelope, self._line.renewed) for envelope in envelopes]
        await self._spool(entries, engine)
        if all(entry.fault is None for entry in entries):
            return [spooled_result(entry.envelope) for entry in entries]
        return list(await asyncio.gather(*(self._spooled_or_sent(e, engine) for e in entries)))

    async def _spooled_or_sent(self, entry: Entry, engine: Engine) -> EmitResult:
        """Say that the record is on the disk; where the disk did not take it, send it directly."""
        if entry.fault is None:
            return spooled_result(entry.envelope)
        verdict = await engine.submit(entry.envelope)
        return _excused(_result(verdict, entry.envelope), entry.fault)

    async def _spooled_or_failed(
        self, verdict: Verdict | None, envelope: Envelope, engine: Engine
    ) -> EmitResult:
        if verdict is None:
            entry = Entry(envelope, self._line.renewed)
        else:
            entry = Entry(verdict.envelope, tried=True)
        await self._spool([entry], engine)
        if entry.fault is None:
            return spooled_result(entry.envelope)
        return _excused(_result(verdict, envelope), entry.fault)

    async def _spool(self, entries: Sequence[Entry], engine: Engine) -> None:
        """Wait for the disk; each entry then has its record as it was kept, or its fault."""
        assert self.spool is not None  # noqa: S101 (callers have looked)
        try:
            await self.spool.submit(entries).wait()
        except SpoolError as fault:
            for entry in entries:
                entry.fault = fault
        drain = self._drains.get(engine.loop)
        if drain is not None:
            drain.empty = False
            drain.wake()

    def _sealed(self, checked: Draft) -> Envelope:
        clocks = self._line.clock
        if checked.clock is None:
            clock = clocks.next(checked.thread)
            if clock > MAX_CLOCK:
                raise InvalidArgumentError("the thread has no clock left", field="clock")
        else:
            clock = checked.clock
            clocks.observe(checked.thread, clock)
        return seal(checked, self.identity, clock=clock, interop=self.interop)

    def _try_seal(self, checked: Draft) -> Envelope | EmitResult:
        try:
            return self._sealed(checked)
        except Exception as error:  # noqa: BLE001 (see _guarded)
            return _failed(checked, error, None)

    def _note(self, result: EmitResult) -> None:
        self.last_error = (
            None if result.success else Failure("emit", result.error or "", result.http_status)
        )

    def _after_close(self, checked: Draft) -> EmitResult:
        result = _failed(checked, SyncropelError("the client is closed"), None)
        result.status = "closed"
        return result


def _result(verdict: Verdict | None, envelope: Envelope) -> EmitResult:
    if verdict is None:
        verdict = Verdict(envelope, Outcome.UNREACHABLE, "QueueFull: nothing more fits")
    return result_of(verdict)


def _excused(result: EmitResult, fault: SpoolError) -> EmitResult:
    """Add why the spool did not help to the error of a failed result."""
    result.error = f"{result.error}; {fault}" if result.error else None
    return result


def _failed(record: Draft | Envelope, error: Exception, envelope: Envelope | None) -> EmitResult:
    payload = isinstance(error, SyncropelError | RecursionError) and envelope is None
    return EmitResult(
        success=False,
        error=f"{type(error).__name__}: {error}",
        kind=record.kind,
        act=record.act,
        thread=record.thread,
        status="invalid" if payload else "unreachable",
        local_id=None if envelope is None else envelope.id,
    )
