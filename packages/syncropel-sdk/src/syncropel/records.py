"""Records and their ids.

A record's id is the SHA-256 of the canonical JSON of its seven hashed fields. Whoever has the
record can compute the id; nobody has to be asked or believed.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final

from .canonical import canonical_bytes, canonical_json, sha256_hex, written
from .errors import InvalidArgumentError
from .vocabulary import HASHED_FIELDS, ActType, DataType

_quoted: Final = json.encoder.encode_basestring
_pick: Final = itemgetter(*HASHED_FIELDS)


@dataclass
class Record:
    """One record as people write it; `judged_by` is the eighth field and is never hashed."""

    act: str | ActType
    actor: str
    body: dict[str, Any] = field(default_factory=dict)
    clock: int = 0
    parents: list[str] = field(default_factory=list)
    thread: str = ""
    data_type: str | DataType = DataType.SCALAR
    judged_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the six fields that the published `record_id` hashes by default."""
        return {
            "act": _word(self.act),
            "actor": self.actor,
            "body": self.body,
            "clock": self.clock,
            "parents": sorted(self.parents),
            "thread": self.thread,
        }

    def to_dict_7field(self) -> dict[str, Any]:
        """Return the seven hashed fields: what `content_id` hashes and servers store."""
        return {**self.to_dict(), "data_type": _word(self.data_type)}

    def to_api_dict(self) -> dict[str, Any]:
        """Return what is posted; `judged_by` goes along where it is set."""
        judged = {} if self.judged_by is None else {"judged_by": self.judged_by}
        return {**self.to_dict_7field(), **judged}


@dataclass(frozen=True, slots=True)
class HashLevels:
    """Four hashes of an act, from the most particular (`l0`) to the most general (`l3`)."""

    l0: str
    l1: str
    l2: str
    l3: str


def content_id(record: Record | Mapping[str, Any]) -> str:
    """Return the id that every server computes: the hash of the seven fields.

    A mapping may carry more (`id`, `sequence`, `signature`, …); only the seven are hashed.

    Raises:
        InvalidArgumentError: one of the seven is missing.
        CanonicalValueError, CanonicalTypeError: the record has no canonical JSON.
    """
    if type(record) is dict:
        try:
            return sha256(_fast_content(record).encode()).hexdigest()
        except (KeyError, TypeError, UnicodeEncodeError):
            pass  # not a plain record; the general way writes it, or says what it is
    return sha256(content_bytes(record)).hexdigest()


def content_bytes(record: Record | Mapping[str, Any]) -> bytes:
    """Return the bytes that are hashed and signed: the seven fields in canonical JSON."""
    return canonical_bytes(hashed_fields(record))


def content_text(
    act: str, actor: str, body: str, clock: int, data_type: str, parents: Sequence[str], thread: str
) -> str:
    """Write the seven hashed fields around a canonical body; their order never changes."""
    return (
        f'{{"act":{_quoted(act)},"actor":{_quoted(actor)},"body":{body},"clock":{clock},'
        f'"data_type":{_quoted(data_type)},'
        f'"parents":[{",".join(map(_quoted, parents)) if parents else ""}],'
        f'"thread":{_quoted(thread)}}}'
    )


def _fast_content(record: dict[str, Any]) -> str:
    """Write a record whose fields have their usual types; a TypeError where they have not."""
    act, actor, body, clock, data_type, parents, thread = _pick(record)
    if type(clock) is not int or type(parents) is not list or type(body) is not dict:
        raise TypeError
    return content_text(
        act, actor, written(body), clock, data_type, sorted(parents) if parents else (), thread
    )


def hashed_fields(record: Record | Mapping[str, Any]) -> dict[str, Any]:
    """Pick the seven hashed fields, with `parents` in their canonical order."""
    if isinstance(record, Record):
        return record.to_dict_7field()
    try:
        picked = {name: record[name] for name in HASHED_FIELDS}
    except KeyError as error:
        raise InvalidArgumentError(
            f"the record has no {error} field", field=error.args[0]
        ) from None
    parents = picked["parents"]
    if isinstance(parents, list) and all(isinstance(parent, str) for parent in parents):
        picked["parents"] = sorted(parents)
    return picked


def record_id(record: Record | dict[str, Any], *, fields: int = 6) -> str:
    """Return the published helper's hash, which leaves `data_type` out.

    It never equals a server's id and is kept for programs that compare it with itself;
    `content_id` is the id of a record. `fields=7` hashes the seven fields of a `Record`. A
    dictionary is hashed as it is.
    """
    if fields not in {6, 7}:
        raise InvalidArgumentError(f"fields is 6 or 7, not {fields!r}", field="fields")
    if isinstance(record, Record):
        record = record.to_dict() if fields == 6 else record.to_dict_7field()
    return sha256_hex(canonical_json(record))


def hash_levels(act: str, body: dict[str, Any]) -> HashLevels:
    """Return the four levels at which two acts can be called alike."""
    primitive = _word(act)
    parameters = {name: value for name, value in body.items() if name != "operation"}
    shape = {"in": "VOID", "out": "VOID"}
    act_shape = {**shape, "p": primitive}
    operation = {**act_shape, "op": body.get("operation", primitive.lower())}
    levels = (
        {**operation, "params": parameters},
        {**operation, "d": body.get("domain", "")},
        act_shape,
        shape,
    )
    return HashLevels(*(sha256_hex(canonical_json(level)) for level in levels))


def random_thread_id() -> str:
    """Return a fresh thread name: `th_` and 64 hexadecimal digits nobody else has."""
    return f"th_{secrets.token_hex(32)}"


def _word(value: str) -> str:
    """Return the bare word, also for an `ActType` or a `DataType`."""
    return str.__str__(value)
