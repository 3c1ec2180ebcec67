"""Is this a record, and what is its id? Pure, and the same for every store.

What comes in is untrusted: sizes, depths, types, duplicate keys and half surrogate pairs are
all refused with a documented code before anything is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NoReturn

from ..canonical import canonical_bytes
from ..errors import CanonicalTypeError, CanonicalValueError, SyncropelKindError
from ..grammar import validate_kind
from ..nesting import read_json
from ..vocabulary import ACTS, DATA_TYPES, MAX_CLOCK

UNHASHED: Final = frozenset({"judged_by", "signature", "object", "id", "sequence"})
"""What a record may carry beside its seven hashed fields."""
_KNOWN: Final = UNHASHED | {"act", "actor", "body", "clock", "data_type", "parents", "thread"}
_MAX_TEXT: Final = 4_096
_MAX_PARENTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not taken; becomes a documented error object."""

    status: int
    code: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return the error object; `error` repeats the code where older clients look for it."""
        return {
            "object": "error",
            "type": "invalid_request" if self.status < 500 else "server",
            "code": self.code,
            "message": self.message,
            "error": self.code,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """A record that is one, with its id; `fields` are the seven and what else it may carry."""

    id: str
    fields: dict[str, Any]


def parse_json(data: bytes) -> Any | Refusal:
    """Read JSON strictly: UTF-8, no NaN, no duplicate keys, no bottomless nesting."""
    try:
        return read_json(data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return Refusal(400, "INVALID_JSON", f"the body is not UTF-8 (byte {error.start})")
    except RecursionError:
        return Refusal(400, "INVALID_JSON", "the body is nested too deeply")
    except ValueError as error:
        return Refusal(400, "INVALID_JSON", str(error))


def check_record(record: object, *, max_bytes: int) -> Checked | Refusal:
    """Check one record and compute its id."""
    if not isinstance(record, dict):
        return Refusal(400, "INVALID_RECORD", "a record is a JSON object")
    fields: dict[str, Any] = {"data_type": "SCALAR", "parents": [], **record}
    fault = _fault(fields)
    if fault:
        return Refusal(400, "INVALID_RECORD", fault)
    hashed = {
        "act": fields["act"],
        "actor": fields["actor"],
        "body": fields["body"],
        "clock": fields["clock"],
        "data_type": fields["data_type"],
        "parents": sorted(fields["parents"]),
        "thread": fields["thread"],
    }
    try:
        content = canonical_bytes(hashed)
    except (CanonicalValueError, CanonicalTypeError) as error:
        return Refusal(400, "INVALID_RECORD", str(error))
    if len(content) > max_bytes:
        return Refusal(
            413, "RECORD_TOO_LARGE", f"the record has {len(content)} bytes, at most {max_bytes}"
        )
    record_id = sha256(content).hexdigest()
    if fields.get("id", record_id) != record_id:
        return Refusal(
            400, "ID_MISMATCH", f"the record's id is {record_id}, not {str(fields['id'])[:80]}"
        )
    hashed.update({name: record[name] for name in ("judged_by", "signature") if name in record})
    return Checked(record_id, hashed)


def _fault(fields: Mapping[str, Any]) -> str:
    unknown = fields.keys() - _KNOWN
    if unknown:
        return f"unknown field {min(unknown)[:80]!r}"
    for name in ("act", "actor", "body", "clock", "thread"):
        if name not in fields:
            return f"the field {name!r} is missing"
    return _fault_of_words(fields) or _fault_of_values(fields)


def _fault_of_words(fields: Mapping[str, Any]) -> str:
    if not isinstance(fields["act"], str) or fields["act"] not in ACTS:
        return f"act is one of {', '.join(sorted(ACTS))}"
    if not isinstance(fields["data_type"], str) or fields["data_type"] not in DATA_TYPES:
        return f"data_type is one of {', '.join(sorted(DATA_TYPES))}"
    actor, thread = fields["actor"], fields["thread"]
    if not isinstance(actor, str) or not 0 < len(actor) <= _MAX_TEXT:
        return f"actor is a text of 1 to {_MAX_TEXT} characters"
    if not isinstance(thread, str) or len(thread) > _MAX_TEXT:
        return f"thread is a text of at most {_MAX_TEXT} characters"
    return ""


def _fault_of_values(fields: Mapping[str, Any]) -> str:
    body, clock, parents = fields["body"], fields["clock"], fields["parents"]
    if type(clock) is not int or not 0 <= clock <= MAX_CLOCK:
        return f"clock is an integer from 0 to {MAX_CLOCK}"
    if not isinstance(parents, list) or len(parents) > _MAX_PARENTS:
        return f"parents is a list of at most {_MAX_PARENTS} record ids"
    if not all(isinstance(parent, str) and parent for parent in parents):
        return "parents is a list of record ids"
    if not isinstance(body, dict):
        return "body is an object"
    if not isinstance(fields.get("judged_by"), str | None):
        return "judged_by is a text or null"
    if not isinstance(fields.get("signature"), dict | None):
        return "signature is an object"
    return _fault_of_kind(body)


def _fault_of_kind(body: Mapping[str, Any]) -> str:
    """A body without a kind is legal; one with a kind outside the grammar is not."""
    if "kind" not in body:
        return ""
    try:
        validate_kind(body["kind"])
    except SyncropelKindError as error:
        return str(error)
    return ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
