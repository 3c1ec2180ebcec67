"""What became of a record: the verdict inside, and the result that callers see."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from ..envelope import Envelope

Status = Literal[
    "", "delivered", "spooled", "rejected", "held", "unreachable", "invalid", "dropped", "closed"
]


class Outcome(Enum):
    """How a delivery ended."""

    DELIVERED = "delivered"
    """The server answered with the same id."""
    REJECTED = "rejected"
    """A kernel understood the record and will never take it."""
    HELD = "held"
    """Somebody answered, but not a kernel that could take it now: credentials, a full store,
    a redirect, a captive portal. Worth trying again when something has changed."""
    UNREACHABLE = "unreachable"
    """No usable answer within the attempts and the deadline."""
    DROPPED = "dropped"
    """Displaced from a full queue before it was ever sent."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of one record's delivery; `envelope` is the one that was sent last."""

    envelope: Envelope
    outcome: Outcome
    error: str | None = None
    http_status: int | None = None
    retried: int = 0
    replaces: tuple[str, ...] = ()
    sequence: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the server has the record."""
        return self.outcome is Outcome.DELIVERED


@dataclass
class EmitResult:
    """What `emit` answers, always.

    `success` means accepted: the server has the record (`status` is `delivered`), or it is on
    this machine's disk and will be sent (`spooled`). `local_id` is the id computed here, also
    where nothing was accepted. `replaces` lists earlier ids of the same record, given up
    because another writer held their clock.
    """

    success: bool
    record_id: str | None = None
    clock: int | None = None
    error: str | None = None
    retried: int = 0
    kind: str = ""
    act: str = ""
    thread: str = ""
    status: Status = ""
    local_id: str | None = None
    replaces: tuple[str, ...] = ()
    sequence: int | None = None
    http_status: int | None = None


def result_of(verdict: Verdict) -> EmitResult:
    """Tell a caller what became of a record."""
    envelope = verdict.envelope
    delivered = verdict.delivered
    return EmitResult(
        success=delivered,
        record_id=envelope.id if delivered else None,
        clock=envelope.clock if delivered else None,
        error=verdict.error,
        retried=verdict.retried,
        kind=envelope.kind,
        act=envelope.act,
        thread=envelope.thread,
        status=verdict.outcome.value,
        local_id=envelope.id,
        replaces=verdict.replaces,
        sequence=verdict.sequence,
        http_status=verdict.http_status,
    )


def spooled_result(envelope: Envelope) -> EmitResult:
    """Tell a caller that the record is on disk."""
    return EmitResult(
        success=True,
        record_id=envelope.id,
        clock=envelope.clock,
        kind=envelope.kind,
        act=envelope.act,
        thread=envelope.thread,
        status="spooled",
        local_id=envelope.id,
    )
