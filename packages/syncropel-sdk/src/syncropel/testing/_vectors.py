"""The conformance vectors, as a kernel on some store has to take them.

Every vector that says something about records becomes an offer: a POST to `/v1/records`, and how
an empty kernel answers it. Those about references, DIDs and other languages are for clients;
those about signatures need a host's rule for them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from .. import conformance
from ..kernel import Kernel, Request, answer

_BEFORE: Final = '{"act":"PUT","actor":"did:a","body":'
_AFTER: Final = ',"clock":0,"data_type":"SCALAR","parents":[],"thread":"t"}'


@dataclass(frozen=True, slots=True)
class Offer:
    """A record that is offered to an empty kernel."""

    name: str
    content: bytes
    id: str | None
    """The id under which it has to be stored; None where it has to be refused."""
    code: str = "INVALID_RECORD"


def offers() -> Iterator[Offer]:
    """Yield every offer; each is for a store that holds nothing."""
    for vector in conformance.load("envelopes"):
        yield _offer("envelopes", vector, vector["json"], vector.get("code", ""))
    for vector in conformance.load("ids"):
        yield _offer("ids", vector, vector["json"])
    for vector in conformance.load("kinds"):
        body = json.dumps({"kind": vector["kind"]}, ensure_ascii=False, separators=(",", ":"))
        stored = _id_of(body) if vector["valid"] else None
        yield _offer("kinds", {**vector, "id": stored}, _around(body))
    for vector in conformance.load("canonical"):
        canonical = vector["canonical"]
        stored = None if canonical is None else _id_of(f'{{"value":{canonical}}}')
        text = _around(f'{{"value":{vector["json"]}}}')
        yield _offer("canonical", {**vector, "id": stored}, text, "INVALID_JSON INVALID_RECORD")


def check_offer(kernel: Kernel, offer: Offer) -> None:
    """Make the offer to an empty kernel, by its door.

    Raises:
        AssertionError: the kernel does not do what the vector says.
    """
    reply = answer(kernel, Request("POST", "/v1/records", body=offer.content))
    found: Any
    wanted: Any
    if offer.id is None:
        found = (reply.status, reply.value["code"] in offer.code.split(), kernel.store.count())
        wanted = (400, True, 0)
    else:
        found = (reply.status, reply.value["id"], kernel.store.get(offer.id))
        wanted = (201, offer.id, reply.value)
    if found != wanted:
        raise AssertionError(f"{offer.name}: {reply.value}")


def _offer(file: str, vector: dict[str, Any], text: str, code: str = "INVALID_RECORD") -> Offer:
    content = text.encode(errors="surrogatepass")
    return Offer(f"{file}: {vector['name']}", content, vector.get("id"), code)


def _around(body: str) -> str:
    return f"{_BEFORE}{body}{_AFTER}"


def _id_of(canonical_body: str) -> str:
    """The id by the text of the vector alone, whatever canonicaliser there is."""
    return sha256(_around(canonical_body).encode()).hexdigest()
