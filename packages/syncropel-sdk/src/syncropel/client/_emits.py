"""Emitting: one record, many records, and the reserved kinds.

A programmer's mistake raises before any network call. Everything after that is an answer in
the result: whatever the transport, the server or the payload does, `emit` returns.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from .. import reserved
from ..envelope import Draft, draft
from ..errors import ArgumentTypeError, SyncropelError
from ..records import random_thread_id
from ..transport import EmitResult
from ._accepts import Accepts

_WINDOW: Final = 1_000


class Emits(Accepts):
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
        return self._emit_blocking(checked)

    async def emit_many(self, records: Iterable[Mapping[str, Any]]) -> list[EmitResult]:
        """Emit many records and return their results in the same order.

        Each is a mapping of the arguments of `emit`. All are checked before any is sent; then
        they go in batches where the server takes batches.
        """
        drafts = [_draft_of(index, record) for index, record in enumerate(records)]
        results: list[EmitResult] = []
        for start in range(0, len(drafts), _WINDOW):
            results += await self._emit_all(drafts[start : start + _WINDOW])
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
        return await self._put(reserved.CORRECTION, body, thread)

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
        return await self._put(reserved.ERASURE, body, thread)

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
        return await self._put(reserved.ALIAS, body, thread)

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
        return await self._put(reserved.SCOPE_TRANSFER, body, thread)

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
        return await self._put(reserved.SCOPE_CLAIM, body, thread)

    async def _put(self, kind: str, body: dict[str, Any], thread: str) -> EmitResult:
        return await self.emit(act="PUT", kind=kind, body=body, thread=thread)


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
