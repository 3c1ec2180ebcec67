"""From the arguments of `emit` to the frozen bytes that are hashed, stored and sent.

`draft` checks everything a programmer can get wrong, before any network call. `seal` gives a
draft its clock, its id and its signature. What is sealed never changes: a retry, the spool and
the batch all send the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .canonical import Interop, canonical_json, sha256_hex, utf8
from .errors import ArgumentTypeError, InvalidArgumentError
from .grammar import is_versioned, validate_kind
from .records import content_text
from .vocabulary import ACTS, DATA_TYPES, MAX_CLOCK


class Signer(Protocol):
    """What an envelope needs from an identity."""

    @property
    def actor_did(self) -> str:
        """The DID that emits."""
        ...

    def signature(self, content: bytes) -> dict[str, Any] | None:
        """Sign the canonical bytes of a record, or return None to leave it unsigned."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked record that lacks only its clock and its body's canonical text."""

    act: str
    kind: str
    body: dict[str, Any]
    thread: str
    parents: tuple[str, ...]
    data_type: str
    clock: int | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed record: its id, and the bytes that carry it."""

    id: str
    act: str
    actor: str
    kind: str
    body: str
    """The canonical text of the body, so that a new clock needs no second encoding."""
    clock: int
    data_type: str
    parents: tuple[str, ...]
    thread: str
    wire: bytes
    own_clock: bool
    """The caller chose the clock; nobody may change it."""
    signed: bool

    @property
    def lane(self) -> tuple[str, str]:
        """Records of one lane are delivered in order."""
        return (self.actor, self.thread)


def draft(
    *,
    act: str,
    kind: str,
    body: dict[str, Any],
    thread: str,
    refs: Sequence[Mapping[str, str]] | None = None,
    parents: Sequence[str] | None = None,
    data_type: str = "SCALAR",
    clock: int | None = None,
) -> Draft:
    """Check the arguments of one emit.

    Raises:
        SyncropelKindError: the kind is outside the grammar.
        InvalidArgumentError, ArgumentTypeError: an argument that no retry can make right.
    """
    validate_kind(kind)
    if not isinstance(body, dict):
        raise ArgumentTypeError(f"body must be a dict; got {type(body).__name__}", field="body")
    return Draft(
        _one_of(ACTS, act, "act"),
        kind,
        _complete_body(body, kind, refs),
        _checked_thread(thread),
        _checked_parents(parents),
        _one_of(DATA_TYPES, data_type, "data_type"),
        _checked_clock(clock),
    )


def seal(draft: Draft, signer: Signer, *, clock: int, interop: Interop = "python") -> Envelope:
    """Freeze a draft under `clock`.

    Raises:
        CanonicalValueError, CanonicalTypeError: the body has no canonical JSON, or a text holds
            half of a surrogate pair, which no bytes can carry.
    """
    body = canonical_json(draft.body, interop=interop)
    return _envelope(
        draft, draft.kind, body, signer, clock=clock, own_clock=draft.clock is not None
    )


def renew(envelope: Envelope, signer: Signer, *, clock: int) -> Envelope:
    """Give a sealed record another clock, and with it another id and signature."""
    return _envelope(
        envelope, envelope.kind, envelope.body, signer, clock=clock, own_clock=envelope.own_clock
    )


def read_envelope(wire: bytes, *, own_clock: bool) -> Envelope:
    """Read back an envelope that was stored as its bytes."""
    record = json.loads(wire)
    body = canonical_json(record["body"])
    parents = tuple(record["parents"])
    kind = str(record["body"].get("kind", ""))
    content = content_text(
        record["act"], record["actor"], body, record["clock"], record["data_type"], parents,
        record["thread"],
    )  # fmt: skip
    return Envelope(
        sha256_hex(content), record["act"], record["actor"], kind, body, record["clock"],
        record["data_type"], parents, record["thread"], wire, own_clock, "signature" in record,
    )  # fmt: skip


def _envelope(
    source: Draft | Envelope, kind: str, body: str, signer: Signer, *, clock: int, own_clock: bool
) -> Envelope:
    actor = signer.actor_did
    content = content_text(
        source.act, actor, body, clock, source.data_type, source.parents, source.thread
    )
    signature = signer.signature(utf8(content))
    wire = content if signature is None else f'{content[:-1]},"signature":{json.dumps(signature)}}}'
    return Envelope(
        sha256_hex(content), source.act, actor, kind, body, clock, source.data_type,
        source.parents, source.thread, utf8(wire), own_clock, signature is not None,
    )  # fmt: skip


def _complete_body(
    body: dict[str, Any], kind: str, refs: Sequence[Mapping[str, str]] | None
) -> dict[str, Any]:
    complete = {**body, "kind": kind}
    if "_v" not in complete and not is_versioned(kind):
        complete["_v"] = 1
    if refs:
        complete["_refs"] = _merged_refs(body.get("_refs"), refs)
    return complete


def _merged_refs(existing: object, refs: object) -> list[Any]:
    if existing is not None and not isinstance(existing, list):
        raise ArgumentTypeError(
            f"body['_refs'] must be a list; got {type(existing).__name__}", field="body"
        )
    if isinstance(refs, str | bytes | Mapping) or not isinstance(refs, Sequence):
        raise ArgumentTypeError(
            f"refs must be a list of references; got {type(refs).__name__}", field="refs"
        )
    for ref in refs:
        if not _is_ref(ref):
            raise InvalidArgumentError(
                f"{ref!r} is no reference; build it with Ref, or as "
                '{"kind": "@scope.name", "id": "scheme:value"}',
                field="refs",
            )
    return [*(existing or []), *(dict(ref) for ref in refs)]


def _is_ref(ref: object) -> bool:
    return isinstance(ref, Mapping) and all(
        isinstance(ref.get(name), str) and ref[name] for name in ("kind", "id")
    )


def _one_of(words: frozenset[str], word: object, field: str) -> str:
    if not isinstance(word, str) or word not in words:
        raise InvalidArgumentError(
            f"{field} {word!r} is not one of {', '.join(sorted(words))}", field=field
        )
    return str.__str__(word)


def _checked_thread(thread: object) -> str:
    if not isinstance(thread, str):
        raise ArgumentTypeError(
            f"thread must be a str; got {type(thread).__name__}", field="thread"
        )
    if not thread:
        raise InvalidArgumentError("emit requires a non-empty `thread`", field="thread")
    return str.__str__(thread)


def _checked_parents(parents: object) -> tuple[str, ...]:
    if parents is None or parents == [] or parents == ():
        return ()
    if isinstance(parents, str | bytes) or not isinstance(parents, Sequence):
        raise ArgumentTypeError(
            f"parents must be a list of record ids; got {type(parents).__name__}", field="parents"
        )
    for parent in parents:
        if not isinstance(parent, str) or not parent:
            raise InvalidArgumentError(f"the parent {parent!r} is no record id", field="parents")
    return tuple(sorted(str.__str__(parent) for parent in parents))


def _checked_clock(clock: object) -> int | None:
    if clock is None:
        return None
    if isinstance(clock, bool) or not isinstance(clock, int):
        raise ArgumentTypeError(f"clock must be an int; got {type(clock).__name__}", field="clock")
    if not 0 <= clock <= MAX_CLOCK:
        raise InvalidArgumentError(f"clock {clock} is outside 0 to {MAX_CLOCK}", field="clock")
    return int(clock)
