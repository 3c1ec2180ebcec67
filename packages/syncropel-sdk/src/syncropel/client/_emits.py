"""Emitting: one record, many records, and the reserved kinds.

A programmer's mistake raises before any network call. Everything after that is an answer in
the result: whatever the transport, the server or the payload does, `emit` returns.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from .. import reserved
from ..envelope import Draft, Envelope, draft, seal
from ..errors import ArgumentTypeError, InvalidArgumentError, SpoolError, SyncropelError
from ..reads import Failure
from ..records import random_thread_id
from ..spool import Entry
from ..transport import EmitResult, Engine, Outcome, Verdict, result_of, spooled_result
from ..vocabulary import MAX_CLOCK
from ._core import ClientCore

_WINDOW: Final = 1_000


class Emits(ClientCore):
    """The writing half of the client."""

    async def emit(
        self,
        *,
        act: str,
        kind: str,
        body: dict[str, Any],
        thread: str,
        refs: Sequence[Mapping[str, str]] | None = None,
        parents: Sequence[str] | None = None,
        data_type: str = "SCALAR",
        clock: int | None = None,
    ) -> EmitResult:
        """Emit one record and return what became of it.

        With a spool, the result comes when the record is on the disk; without one, when the
        server has answered or the attempts are over. A cancelled caller stops waiting; the
        record is sent all the same.

        Raises:
            SyncropelKindError, InvalidArgumentError, ArgumentTypeError: mistakes that no retry
                can make right, before any network call.
        """
        checked = draft(
            act=act, kind=kind, body=body, thread=thread, refs=refs, parents=parents,
            data_type=data_type, clock=clock,
        )  # fmt: skip
        return await self._emit(checked)

    def emit_sync(
        self,
        *,
        act: str,
        kind: str,
        body: dict[str, Any],
        thread: str,
        refs: Sequence[Mapping[str, str]] | None = None,
        parents: Sequence[str] | None = None,
        data_type: str = "SCALAR",
        clock: int | None = None,
    ) -> EmitResult:
        """`emit` for scripts and commands without an event loop; connections are kept."""
        checked = draft(
            act=act, kind=kind, body=body, thread=thread, refs=refs, parents=parents,
            data_type=data_type, clock=clock,
        )  # fmt: skip
        if self._closed:
            return self._after_close(checked)
        return self._run_blocking(self._emit(checked))

    async def emit_many(self, records: Iterable[Mapping[str, Any]]) -> list[EmitResult]:
        """Emit many records and return their results in the same order.

        Each is a mapping of the arguments of `emit`. All are checked before any is sent; then
        they go in batches where the server takes batches.
        """
        drafts = [_draft_of(index, record) for index, record in enumerate(records)]
        results: list[EmitResult] = []
        for start in range(0, len(drafts), _WINDOW):
            results += await self._emit_window(drafts[start : start + _WINDOW])
        return results

    async def intend(
        self,
        goal: str,
        *,
        thread: str | None = None,
        parents: Sequence[str] | None = None,
        kind: str = reserved.INTENT,
        body: dict[str, Any] | None = None,
        clock: int | None = None,
    ) -> EmitResult:
        """Open a thread with an intent; without `thread`, a fresh one is on the result."""
        return await self.emit(
            act="INTEND",
            kind=kind,
            body={"goal": goal, **(body or {})},
            thread=random_thread_id() if thread is None else thread,
            parents=parents,
            clock=clock,
        )

    async def fulfill(
        self,
        thread: str,
        summary: str,
        *,
        fulfills: str | Sequence[str] | None = None,
        kind: str = reserved.OUTCOME,
        body: dict[str, Any] | None = None,
        parents: Sequence[str] | None = None,
        clock: int | None = None,
    ) -> EmitResult:
        """Close a thread with its outcome; `fulfills` names the intents it answers."""
        return await self.emit(
            act="KNOW",
            kind=kind,
            body={**reserved.outcome(summary, fulfills), **(body or {})},
            thread=thread,
            parents=parents,
            clock=clock,
        )

    async def emit_correction(
        self,
        *,
        corrects: Sequence[str],
        revised_fields: dict[str, Any],
        reason: str,
        thread: str,
        correcting_actor: str | None = None,
    ) -> EmitResult:
        """Supersede earlier records with revised values."""
        body = reserved.correction(
            corrects=corrects, revised_fields=revised_fields, reason=reason,
            actor=correcting_actor or self.identity.actor_did,
        )  # fmt: skip
        return await self.emit(act="PUT", kind=reserved.CORRECTION, body=body, thread=thread)

    async def emit_erasure(
        self,
        *,
        erases: Sequence[str],
        reason: str,
        thread: str,
        authorized_by: str | None = None,
        effective_at: str | None = None,
    ) -> EmitResult:
        """Mark records as erased."""
        body = reserved.erasure(
            erases=erases, reason=reason, effective_at=effective_at,
            authorized_by=authorized_by or self.identity.actor_did,
        )  # fmt: skip
        return await self.emit(act="PUT", kind=reserved.ERASURE, body=body, thread=thread)

    async def emit_alias(
        self,
        *,
        old_kind: str,
        new_kind: str,
        reason: str,
        thread: str,
        since: str | None = None,
        publisher_did: str | None = None,
    ) -> EmitResult:
        """Say that one kind supersedes another; the old one may predate the grammar."""
        body = reserved.alias(
            old_kind=old_kind, new_kind=new_kind, reason=reason, since=since,
            publisher_did=publisher_did or self.identity.actor_did,
        )  # fmt: skip
        return await self.emit(act="PUT", kind=reserved.ALIAS, body=body, thread=thread)

    async def emit_scope_transfer(
        self,
        *,
        scope: str,
        from_publisher: str,
        to_publisher: str,
        reason: str,
        thread: str,
        effective_at: str | None = None,
    ) -> EmitResult:
        """Hand a scope to another publisher."""
        body = reserved.scope_transfer(
            scope=scope, from_publisher=from_publisher, to_publisher=to_publisher,
            reason=reason, effective_at=effective_at,
        )  # fmt: skip
        return await self.emit(act="PUT", kind=reserved.SCOPE_TRANSFER, body=body, thread=thread)

    async def emit_scope_claim(
        self,
        *,
        scope: str,
        governance_policy: dict[str, Any],
        thread: str,
        claimant: str | None = None,
        effective_at: str | None = None,
    ) -> EmitResult:
        """Claim a scope under a governance policy."""
        body = reserved.scope_claim(
            scope=scope, governance_policy=governance_policy, effective_at=effective_at,
            claimant=claimant or self.identity.actor_did,
        )  # fmt: skip
        return await self.emit(act="PUT", kind=reserved.SCOPE_CLAIM, body=body, thread=thread)

    async def _emit(self, checked: Draft) -> EmitResult:
        result = await self._guarded(checked)
        self._note(result)
        await self._announce(result)
        return result

    async def _guarded(self, checked: Draft) -> EmitResult:
        """The promise: whatever happens below, there is a result."""
        if self._closed:
            return self._after_close(checked)
        envelope = None
        try:
            envelope = self._sealed(checked)
            return await self._accept(envelope)
        except Exception as error:  # noqa: BLE001 (this is where fail-open is made true)
            return _failed(checked, error, envelope)

    async def _emit_window(self, drafts: Sequence[Draft]) -> list[EmitResult]:
        if self.spool is not None or self._closed:
            # The spool groups by itself: whatever waits for the disk shares its next fsync.
            return list(await asyncio.gather(*map(self._emit, drafts)))
        sealed = [self._try_seal(checked) for checked in drafts]
        ready = [each for each in sealed if isinstance(each, Envelope)]
        try:
            verdicts = iter(await self._engine().submit_many(ready))
        except Exception as error:  # noqa: BLE001 (see _guarded)
            return [_failed(checked, error, None) for checked in drafts]
        results = [
            self._result(next(verdicts), each) if isinstance(each, Envelope) else each
            for each in sealed
        ]
        for result in results:
            self._note(result)
            await self._announce(result)
        return results

    async def _accept(self, envelope: Envelope) -> EmitResult:
        engine = self._engine()
        if self.spool is None:
            return self._result(await engine.submit(envelope), envelope)
        if self._settings.overflow != "spool" or not self._drains[engine.loop].empty:
            # What waits in the spool goes first, or a thread would be told out of order.
            return await self._spooled_or_sent(envelope, engine)
        verdict = await engine.submit(envelope)
        if verdict is None or verdict.outcome in {Outcome.UNREACHABLE, Outcome.HELD}:
            return await self._spooled_or_failed(verdict, envelope, engine)
        return result_of(verdict)

    async def _spooled_or_sent(self, envelope: Envelope, engine: Engine) -> EmitResult:
        """Keep the record on the disk; where the disk takes nothing, send it directly."""
        try:
            kept = await self._spool(Entry(envelope, self._line.renewed), engine)
        except SpoolError as fault:
            verdict = await engine.submit(envelope)
            result = self._result(verdict, envelope)
            result.error = f"{result.error}; {fault}" if result.error else None
            return result
        return spooled_result(kept)

    async def _spooled_or_failed(
        self, verdict: Verdict | None, envelope: Envelope, engine: Engine
    ) -> EmitResult:
        if verdict is None:
            entry = Entry(envelope, self._line.renewed)
        else:
            entry = Entry(verdict.envelope, tried=True)
        try:
            kept = await self._spool(entry, engine)
        except SpoolError as fault:
            result = self._result(verdict, envelope)
            result.error = f"{result.error}; {fault}"
            return result
        return spooled_result(kept)

    async def _spool(self, entry: Entry, engine: Engine) -> Envelope:
        assert self.spool is not None  # noqa: S101 (callers have looked)
        await self.spool.submit(entry).wait()
        drain = self._drains.get(engine.loop)
        if drain is not None:
            drain.empty = False
            drain.wake()
        return entry.envelope

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

    def _result(self, verdict: Verdict | None, envelope: Envelope) -> EmitResult:
        if verdict is None:
            verdict = Verdict(envelope, Outcome.UNREACHABLE, "QueueFull: nothing more fits")
        return result_of(verdict)

    def _note(self, result: EmitResult) -> None:
        self.last_error = (
            None if result.success else Failure("emit", result.error or "", result.http_status)
        )

    def _after_close(self, checked: Draft) -> EmitResult:
        result = _failed(checked, SyncropelError("the client is closed"), None)
        result.status = "closed"
        return result


def _failed(checked: Draft, error: Exception, envelope: Envelope | None) -> EmitResult:
    payload = isinstance(error, SyncropelError | RecursionError) and envelope is None
    return EmitResult(
        success=False,
        error=f"{type(error).__name__}: {error}",
        kind=checked.kind,
        act=checked.act,
        thread=checked.thread,
        status="invalid" if payload else "unreachable",
        local_id=None if envelope is None else envelope.id,
    )


def _draft_of(index: int, record: Mapping[str, Any]) -> Draft:
    if not isinstance(record, Mapping):
        raise ArgumentTypeError(
            f"records[{index}] must be a mapping; got {type(record).__name__}", field="records"
        )
    try:
        return draft(**record)
    except SyncropelError as error:
        error.add_note(f"in records[{index}]")
        raise
    except TypeError as error:
        raise ArgumentTypeError(f"records[{index}]: {error}", field="records") from None
