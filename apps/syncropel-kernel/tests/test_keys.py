"""API keys: who is let in, and what they may do."""

import json
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from syncropel import conformance
from syncropel.kernel import Kernel, MemoryStore, SqliteStore, check_record
from syncropel.kernel.check import Refusal
from syncropel_kernel.app import app
from syncropel_kernel.keys import ApiKey
from syncropel_kernel.signers import signature_rule

from .serving import record, serving


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["keys", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_what_keys_allow(db: Path) -> None:
    """Every rule has its own documented code, and a batch judges each record for itself."""
    own = run("create", "did:example:me", "--db", db).strip()
    reader = run("create", "did:example:me", "--scope", "read", "--db", db).strip()
    music = run("create", "*", "--namespace", "music", "--db", db).strip()
    with serving(db, "--auth") as server, server.http() as http:

        def post(key: str, **changes: object) -> tuple[int, str]:
            headers = {"x-api-key": key}
            return said(http.post("/v1/records", json=record(**changes), headers=headers))

        assert said(http.get("/v1/threads")) == (401, "AUTH_REQUIRED")
        assert said(http.get("/metrics")) == (401, "AUTH_REQUIRED")
        for wrong in ("nonsense", "syk_00_x", own[:-1], own + "A", "é"):
            sent = {"x-api-key": wrong.encode()}
            assert http.get("/v1/threads", headers=sent).status_code == 401
        assert http.get("/health").status_code == 200
        bearer = {"authorization": f"Bearer {reader}"}
        assert http.get("/v1/threads", headers=bearer).status_code == 200
        assert http.get("/metrics", headers=bearer).status_code == 200
        assert post(own, clock=1, actor="did:example:me")[0] == 201
        assert post(own, clock=2, actor="did:example:me:phone")[0] == 201
        assert post(own, clock=3, actor="did:example:mean") == (403, "DID_CLAIM_DENIED")
        assert post(reader, clock=4, actor="did:example:me") == (403, "SCOPE_FORBIDDEN")
        assert post(music, clock=5, actor="did:other") == (403, "NAMESPACE_REJECTED")
        assert post(music, clock=6, body={"kind": "musical.a.b"}) == (403, "NAMESPACE_REJECTED")
        assert post(music, clock=7, body={"kind": "music.a.b"})[0] == 201
        batch = {"records": [record(8, actor="did:example:me"), record(9, actor="did:other")]}
        results = http.post("/v1/records/batch", json=batch, headers={"x-api-key": own}).json()
        assert [each.get("code") for each in results["results"]] == [None, "DID_CLAIM_DENIED"]


def test_a_key_is_kept_as_a_hash_and_can_be_taken_back(db: Path) -> None:
    """The file does not hold the key; a revoked one stops working within about a second."""
    key = json.loads(run("create", "did:example:me", "--db", db, "--json"))
    with serving(db, "--auth") as server, server.http() as http:
        headers = {"x-api-key": key["key"]}
        assert http.get("/v1/threads", headers=headers).status_code == 200
        listed = json.loads(run("list", "--db", db, "--json"))["keys"]
        assert [each["id"] for each in listed] == [key["id"]]
        assert key["id"] in run("list", "--db", db)
        run("revoke", key["id"], "--db", db)
        until = time.monotonic() + 10
        while http.get("/v1/threads", headers=headers).status_code != 401:
            assert time.monotonic() < until
            time.sleep(0.1)
    secret = key["key"].split("_", 2)[2].encode()
    assert all(secret not in each.read_bytes() for each in db.parent.iterdir())
    assert CliRunner().invoke(app, ["keys", "revoke", "x", "--db", str(db)]).exit_code == 2


def test_other_addresses_need_keys(db: Path) -> None:
    """Bound to every address, a server asks for keys without being told to."""
    key = run("create", "*", "--db", db).strip()
    with serving(db, "--host", "0.0.0.0") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}/v1/threads").status_code == 401
        assert httpx.get(f"{url}/v1/threads", headers={"x-api-key": key}).status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("create", "me"), id="no-did"),
        pytest.param(("create", "did:a:b", "--scope", "admin"), id="no-scope"),
        pytest.param(("trust", "did:web:a.b", "nonsense"), id="no-key"),
    ],
)
def test_keys_that_cannot_be(db: Path, arguments: tuple[str, ...]) -> None:
    """One line, exit code 2."""
    done = CliRunner().invoke(app, ["keys", *arguments, "--db", str(db)])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")


@given(did=st.text(), actor=st.text())
def test_nobody_speaks_for_a_neighbour(did: str, actor: str) -> None:
    """A key speaks for its own DID and for what lies beneath it, whatever the texts are."""
    key = ApiKey("id", f"did:{did}", frozenset({"write"}), ("*",), "", 0.0)
    allowed = key.speaks_for(actor)
    beneath = actor[len(key.did) : len(key.did) + 1] in (":", "#")
    assert allowed == (actor == key.did or (actor.startswith(key.did) and beneath))


@pytest.mark.parametrize(
    "vector",
    [pytest.param(each, id=each["name"]) for each in conformance.load("signatures")],
)
def test_the_vectors_of_signatures(vector: dict) -> None:
    """Invalid signatures stay out; the rest comes in, unless signatures are required."""
    store = MemoryNotes()
    for did, keys in vector["keys"].items():
        store.put("signers", did, list(keys))
    for required in (False, True):
        rule = signature_rule(store, required=required, now=lambda: vector["at"])
        kernel = Kernel(MemoryStore(), admit=rule)
        checked = check_record(vector["record"], max_bytes=1 << 20)
        if isinstance(checked, Refusal):  # a signature that is not even an object
            assert vector["status"] == "invalid"
            continue
        welcome = vector["status"] == "valid" or (not required and vector["status"] != "invalid")
        assert isinstance(kernel.ingest(vector["record"]), Refusal) is not welcome


class MemoryNotes:
    """Notes that are forgotten at the end."""

    def __init__(self) -> None:
        self._notes: dict[tuple[str, str], object] = {}

    def all(self, shelf: str) -> dict:
        return {name: note for (where, name), note in self._notes.items() if where == shelf}

    def put(self, shelf: str, name: str, note: object) -> None:
        self._notes[shelf, name] = note

    def drop(self, shelf: str, name: str) -> bool:
        return self._notes.pop((shelf, name), None) is not None


def test_trusted_signers_of_a_did(db: Path, tmp_path: Path) -> None:
    """With signatures required, a DID's records come in once its key is trusted."""
    key = tmp_path / "key.pem"
    signer = run("new", key).strip()
    assert (key.stat().st_mode & 0o777) == 0o600
    emit = ["emit", "a.b.c", "--thread", "t", "--did", "did:web:example.org", "--json"]
    with serving(db, "--require-signatures") as server:
        here = ["--endpoint", server.url]
        unsigned = CliRunner().invoke(app, [*emit, *here])
        assert "SIGNATURE_REQUIRED" in unsigned.stdout
        unknown = CliRunner().invoke(app, [*emit, "--key", str(key), *here])
        assert "SIGNATURE_UNRESOLVED" in unknown.stdout
        run("trust", "did:web:example.org", signer, "--db", db)
        time.sleep(1.2)
        known = CliRunner().invoke(app, [*emit, "--key", str(key), *here])
        assert json.loads(known.stdout)["success"], known.stdout
    assert signer in run("list", "--db", db)
    run("distrust", "did:web:example.org", "--db", db)
    assert signer not in run("list", "--db", db)
    store = SqliteStore(db)
    assert store.count() == 1
    store.close()
