"""The conformance vectors, run by the client, the mock and JavaScript.

A kernel in another package runs the same files against its own stores.
"""

import json
import shutil
import subprocess
from importlib.resources import files

import httpx
import pytest

from syncropel import (
    CanonicalTypeError,
    CanonicalValueError,
    IdentityError,
    InteropError,
    Ref,
    RefError,
    SyncropelKindError,
    canonical_bytes,
    canonical_json,
    conformance,
    content_id,
    validate_kind,
    verify_record,
)
from syncropel.identity import did_of_key, key_of_did, web_document_url
from syncropel.kernel import Refusal, check_record, parse_json
from syncropel.testing import MockKernel


def vectors(name: str) -> list:
    return [
        pytest.param(vector, id=f"{name}-{i}") for i, vector in enumerate(conformance.load(name))
    ]


def test_there_are_enough_vectors() -> None:
    """At least three hundred, each with a name of its own within its file."""
    total = 0
    for name in conformance.FILES:
        names = [vector["name"] for vector in conformance.load(name)]
        assert len(names) == len(set(names)), name
        total += len(names)
    assert total >= 300


@pytest.mark.parametrize("vector", vectors("kinds"))
def test_kinds(vector: dict) -> None:
    """The grammar takes exactly the valid kinds."""
    if vector["valid"]:
        validate_kind(vector["kind"])
    else:
        with pytest.raises(SyncropelKindError):
            validate_kind(vector["kind"])


@pytest.mark.parametrize("vector", vectors("canonical"))
def test_canonical(vector: dict) -> None:
    """Every value has one spelling, or none."""
    value = json.loads(vector["json"])
    if vector["canonical"] is None:
        with pytest.raises(CanonicalValueError):
            canonical_bytes(value)
    else:
        assert canonical_json(value) == vector["canonical"]


@pytest.mark.parametrize("vector", vectors("ids"))
def test_ids(vector: dict) -> None:
    """A record's id is the published one."""
    assert content_id(json.loads(vector["json"])) == vector["id"]


@pytest.mark.parametrize("vector", vectors("envelopes"))
def test_envelopes(vector: dict) -> None:
    """The kernel's check takes exactly the valid records, under their ids."""
    parsed = parse_json(vector["json"].encode())
    outcome = parsed if isinstance(parsed, Refusal) else check_record(parsed, max_bytes=1 << 20)
    if vector["valid"]:
        assert not isinstance(outcome, Refusal), outcome
        assert outcome.id == vector["id"]
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.code == vector["code"]


@pytest.mark.parametrize("vector", vectors("envelopes"))
def test_envelopes_at_the_mock(vector: dict) -> None:
    """The mock answers as the check decides: 201 with the id, or a documented error object."""
    kernel = MockKernel()
    with httpx.Client(transport=kernel.transport(), base_url="http://kernel") as http:
        answer = http.post("/v1/records", content=vector["json"].encode())
    if vector["valid"]:
        assert (answer.status_code, answer.json()["id"]) == (201, vector["id"])
        assert [record["id"] for record in kernel.records] == [vector["id"]]
    else:
        assert answer.status_code == 400
        assert answer.json()["object"] == "error"
        assert answer.json()["code"] == vector["code"]
        assert kernel.count() == 0


@pytest.mark.parametrize("vector", vectors("refs"))
def test_refs(vector: dict) -> None:
    """Each constructor gives the one spelling of its thing, or says what it needs."""
    construct = getattr(Ref, vector["constructor"])
    if vector["ref"] is None:
        with pytest.raises(RefError):
            construct(**vector["arguments"])
    else:
        assert construct(**vector["arguments"]) == vector["ref"]


@pytest.mark.parametrize("vector", vectors("dids"))
def test_dids(vector: dict) -> None:
    """did:key spells its key both ways; did:web leads where it should, and nowhere else."""
    if "url" in vector:
        if vector["url"] is None:
            with pytest.raises(IdentityError):
                web_document_url(vector["did"])
        else:
            assert web_document_url(vector["did"]) == vector["url"]
    elif vector["key"] is None:
        with pytest.raises(IdentityError):
            key_of_did(vector["did"])
    else:
        assert key_of_did(vector["did"]).hex() == vector["key"]
        assert did_of_key(bytes.fromhex(vector["key"])) == vector["did"]


@pytest.mark.parametrize("vector", vectors("signatures"))
def test_signatures(vector: dict) -> None:
    """A signature holds for its record, its key and its time, and for nothing else."""
    keys = {did: frozenset(keys) for did, keys in vector["keys"].items()}
    assert verify_record(vector["record"], keys=keys, at=vector["at"]).status == vector["status"]


@pytest.mark.parametrize("vector", vectors("interop"))
def test_interop(vector: dict) -> None:
    """`strict` refuses exactly what other languages would write differently."""
    value = json.loads(vector["json"])
    if vector["portable"]:
        assert canonical_bytes(value, interop="strict") == canonical_bytes(value)
    else:
        with pytest.raises((InteropError, CanonicalValueError)):
            canonical_bytes(value, interop="strict")


def test_javascript_agrees() -> None:
    """An implementation in another language, sharing no code, comes to the same answers."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs the system package nodejs: apt-get install nodejs")
    checker = files(conformance).joinpath("check.mjs")
    done = subprocess.run([node, str(checker)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


def test_types_that_json_lacks() -> None:
    """What JSON cannot say is refused by name, not guessed."""
    for value in ((1,), b"x", {"a": {1}}, object()):
        with pytest.raises(CanonicalTypeError):
            canonical_json(value)
