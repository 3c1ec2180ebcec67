"""The provenance of a project: a thread of Syncropel records, each naming the one before it.

Every step opens an intent and, when it is done, fulfils it. The trail stands in the project's
tree and commits with what it tells of; afterwards the records go into a spool, and from there to
a server, where one is configured. A record's id is the hash of its content and of the id before
it, so that a trail cannot be changed in its middle.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncropel import Client, Identity, Spool, content_id, verify_record
from syncropel.envelope import draft, seal

from .errors import TrailError
from .project import Kept, Project

INTENT, OUTCOME = "core.intent", "core.outcome"


@dataclass(frozen=True, slots=True)
class Told:
    """A step as the trail tells it.

    Attributes:
        text: the goal of an intent, the summary of an outcome.
        body: what else it says.
        refs: what in the world it is about.
    """

    text: str
    body: Mapping[str, Any]
    refs: Sequence[Mapping[str, str]] = ()


class Trail:
    """Writes records into a project's tree. Nothing is stored until the tree is committed."""

    def __init__(
        self,
        project: Project,
        identity: Identity,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._project = project
        self._identity = identity
        self._clock = clock

    def intend(self, told: Told) -> str:
        """Open an intent; return its id."""
        return self._add("INTEND", INTENT, {"goal": told.text, **told.body}, told.refs)

    def fulfil(self, intent: str, told: Told) -> str:
        """Close an intent with its outcome; return the outcome's id."""
        body = {"summary": told.text, "fulfills": intent, **told.body}
        return self._add("KNOW", OUTCOME, body, told.refs)

    def _add(
        self, act: str, kind: str, body: dict[str, Any], refs: Sequence[Mapping[str, str]]
    ) -> str:
        kept = self._project.trail
        last = kept[-1] if len(kept) else None
        clock = int(self._clock() * 1000)
        if last is not None:
            clock = max(clock, int(str(last.record["clock"])) + 1)
        thread = self._project.project.thread
        parents = [last.id] if last is not None else []
        checked = draft(
            act=act, kind=kind, body=body, thread=thread, refs=refs, parents=parents, clock=clock
        )
        sealed = seal(checked, self._identity, clock=clock)
        kept.append(Kept(id=sealed.id, record=json.loads(sealed.wire)))
        return sealed.id


@dataclass(frozen=True, slots=True)
class TrailState:
    """What a trail that holds says.

    Attributes:
        records: how many there are.
        head: the id of the last one; empty where there is none.
        unfulfilled: intents without an outcome.
        signed: how many carry a signature that holds.
    """

    records: int
    head: str
    unfulfilled: tuple[str, ...]
    signed: int


def check_trail(records: Sequence[Kept], *, thread: str | None = None) -> TrailState:
    """Hold every record against its id, its place and its signature.

    Raises:
        TrailError: with the first record that is not what it must be.
    """
    before: Kept | None = None
    open_intents: dict[str, None] = {}
    signed = 0
    for kept in records:
        _check_place(kept, before, thread)
        signed += _check_signature(kept)
        body = kept.record["body"]
        kind = body.get("kind") if isinstance(body, dict) else None
        if kind == INTENT:
            open_intents[kept.id] = None
        elif kind == OUTCOME and isinstance(body, dict):
            if (intent := str(body.get("fulfills"))) not in open_intents:
                raise TrailError(kept.id, "fulfils no intent that is open")
            del open_intents[intent]
        before = kept
    head = before.id if before is not None else ""
    return TrailState(len(records), head, tuple(open_intents), signed)


def _check_place(kept: Kept, before: Kept | None, thread: str | None) -> None:
    try:
        found = content_id(kept.record)
        parents, clock = kept.record["parents"], int(str(kept.record["clock"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TrailError(kept.id, f"is no record ({error})") from error
    if found != kept.id:
        raise TrailError(kept.id, f"was changed: its content has the id {found[:12]}")
    if parents != ([before.id] if before is not None else []):
        raise TrailError(kept.id, "does not follow the record before it: one was taken out or in")
    if before is not None and clock <= int(str(before.record["clock"])):
        raise TrailError(kept.id, "is older than the record before it")
    if thread is not None and kept.record["thread"] != thread:
        raise TrailError(kept.id, "stands in the thread of another project")


def _check_signature(kept: Kept) -> bool:
    if "signature" not in kept.record:
        return False
    found = verify_record(kept.record)
    if found.status == "invalid":
        raise TrailError(kept.id, f"carries a signature that does not hold ({found.reason})")
    return found.valid


def until(project: Project, record: str) -> str:
    """The records up to one, a line each: what goes along with a published agent."""
    lines = []
    for kept in project.trail:
        lines.append(f"{kept.model_dump_json()}\n")
        if kept.id == record:
            break
    return "".join(lines)


# ── to the spool, and to a server ─────────────────────────────────────────────────────────────


def identity_of(actor: str, key: Path | None) -> Identity:
    """Say who emits: a DID by name, or a key that signs."""
    return Identity.static(actor) if key is None else Identity.key(key)


def hand_over(project: Project, spool: Spool) -> int:
    """Put the records that the spool has not seen into it; return how many.

    A crash in between repeats some. They have the same ids, and a spool, like a server, takes
    the same record once.
    """
    waiting = project.trail[project.outbox.spooled :]
    if waiting:
        spool.keep([_wire(kept) for kept in waiting])
        project.outbox.spooled = len(project.trail)
        project.commit()
    return len(waiting)


async def deliver(
    spool: Spool, *, endpoint: str, identity: Identity, api_key: str | None, seconds: float
) -> int:
    """Send what is in the spool to a server; return how much still waits."""
    client = Client(endpoint=endpoint, identity=identity, api_key=api_key, spool=spool)
    try:
        return await client.flush(seconds=seconds)
    finally:
        await client.close()


def _wire(kept: Kept) -> bytes:
    return json.dumps(kept.record, ensure_ascii=False, separators=(",", ":")).encode()
