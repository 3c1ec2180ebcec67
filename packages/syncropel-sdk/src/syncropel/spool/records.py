"""Records on their way into the spool, in it, and out of it again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..envelope import Envelope
from ..errors import SpoolError

State = Literal["pending", "parked"]


class Renewal(Protocol):
    """Gives records other clocks, hence other ids."""

    def __call__(self, envelope: Envelope, *, skip: int) -> Envelope | None:
        """Return the record past `skip` more clocks; None where nobody here may change it."""
        ...


@dataclass(slots=True)
class Entry:
    """A record on its way into the spool.

    Two processes may say the same at the same millisecond. Where that id is kept already,
    `again` makes another; without it the two are one record. `tried` says that it was sent
    before, and may have arrived. `fault` says why it was not kept, once that is known.
    """

    envelope: Envelope
    again: Renewal | None = None
    tried: bool = False
    fault: SpoolError | None = None

    def row(self, now: float) -> tuple[Any, ...]:
        """The record as the table has it."""
        each = self.envelope
        return (
            each.id, each.actor, each.thread, each.kind, each.wire, each.own_clock, self.tried, now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Portion:
    """Records to send now, and whether they may have been sent before."""

    envelopes: Sequence[Envelope]
    tried: bool


@dataclass(frozen=True, slots=True)
class SpooledRecord:
    """A record in the spool, as the command and the API show it."""

    id: str
    actor: str
    thread: str
    kind: str
    queued_at: float
    state: State
    attempts: int
    reason: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class SpoolStats:
    """A spool at a glance; `dropped` counts what was given up, by reason."""

    pending: int
    parked: int
    bytes: int
    oldest: float | None
    dropped: dict[str, int]
    renamed: int


@dataclass
class Settlement:
    """What became of records that were sent."""

    hold_s: float = 5.0
    delivered: list[str] = field(default_factory=list)
    parked: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    held: set[tuple[str, str]] = field(default_factory=set)
    moved: set[tuple[str, str]] = field(default_factory=set)
    """Lanes in which something was delivered: their next trouble is a first one."""
