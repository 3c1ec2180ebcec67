"""Who emits: keys in every form, delegations, and DIDs that have to be fetched."""

import asyncio
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncropel import (
    Client,
    Delegation,
    Identity,
    IdentityError,
    OpenTelemetry,
    ResolutionError,
    WebResolver,
    content_id,
    delegate,
    verify_online,
    verify_record,
)
from syncropel.envelope import draft, seal
from syncropel.identity import did_of_key, generate_key, key_of_did, load_key
from syncropel.identity.did import base58, unbase58
from syncropel.testing import MockKernel

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
Make = Callable[..., Client]


@given(st.binary(max_size=40))
def test_base58_round_trip(data: bytes) -> None:
    """Every byte string has one spelling."""
    assert unbase58(base58(data)) == data


def test_keys_in_every_form(tmp_path: Path) -> None:
    """Raw, hexadecimal, PEM, OpenSSH and in a file: the same key; anything else is named."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = bytes(range(32))
    key = Ed25519PrivateKey.from_private_bytes(seed)
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    ssh = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption())
    locked = key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"pw")
    )
    (tmp_path / "key").write_bytes(pem)
    expected = Identity.key(seed)
    for form in (seed.hex().encode(), pem, ssh, tmp_path / "key", str(tmp_path / "key")):
        assert Identity.key(form).actor_did == expected.actor_did
    assert Identity.key(locked, password=b"pw").actor_did == expected.actor_did
    other = ec.generate_private_key(ec.SECP256R1())
    wrong = other.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    for bad in (b"", b"x" * 31, b"zz" * 32, wrong, locked, tmp_path / "none", 5, None):
        with pytest.raises(IdentityError):
            Identity.key(bad)  # type: ignore[arg-type]
    assert "…" in repr(load_key(seed))
    assert seed.hex() not in repr(expected)
    with pytest.raises(TypeError):
        pickle.dumps(load_key(seed))


def test_signed_records_through_the_client(make_client: Make) -> None:
    """A key signs every record; the signature travels, holds, and leaves the id alone."""
    me = Identity.key(bytes(range(32)))
    kernel = MockKernel()

    async def scenario() -> None:
        async with make_client(transport=kernel.transport(), identity=me) as client:
            result = await client.emit(**EMIT, body={"n": 1.0}, clock=1)
            await client.emit_many([{**EMIT, "body": {"n": n}} for n in range(3)])
            plain = {**(await client.get_record(result.record_id))}
            assert verify_record(plain).valid
            assert content_id(plain) == result.record_id
            assert not verify_record({**plain, "body": {}}).valid

    asyncio.run(scenario())
    assert all(verify_record(record).valid for record in kernel.records)
    assert not verify_record(kernel.records[0] | {"thread": "x"}).valid


def test_federated_identities(make_client: Make) -> None:
    """A home delegates to a device; the delegation travels; the wrong one is refused at once."""
    home, device = generate_key(), generate_key()
    delegation = delegate(home, subject="did:sync:user:ada", key=did_of_key(device.public))
    assert Delegation.from_dict(delegation.to_dict()) == delegation
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    assert isinstance(device._key, Ed25519PrivateKey)
    raw = device._key.private_bytes_raw()
    ada = Identity.federated(delegation.to_dict(), raw)
    kernel = MockKernel()

    async def scenario() -> None:
        async with make_client(transport=kernel.transport(), identity=ada) as client:
            assert (await client.emit(**EMIT, body={})).success

    asyncio.run(scenario())
    [record] = kernel.records
    assert record["actor"] == "did:sync:user:ada"
    trusted = {delegation.issuer: frozenset({delegation.issuer_key})}
    assert verify_record(record, keys=trusted).valid
    assert verify_record(record).status == "unresolved"
    with pytest.raises(IdentityError, match="delegation is for"):
        Identity.federated(delegation, bytes(32))
    for broken in (
        {},
        [],
        {**delegation.to_dict(), "extra": 1},
        {**delegation.to_dict(), "key": 5},
    ):
        with pytest.raises(IdentityError):
            Delegation.from_dict(broken)
    with pytest.raises(IdentityError):
        delegate(home, subject="nobody", key=delegation.key)


def test_did_web_resolution() -> None:
    """A did:web is fetched over https, bounded, cached, and believed only about itself."""
    me = Identity.key(bytes(range(32)), did="did:web:example.org:user:ada")
    key = Identity.key(bytes(range(32))).actor_did
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": _b64(key_of_did(key))}
    document: dict = {
        "id": me.actor_did,
        "verificationMethod": [{"id": "#a", "publicKeyMultibase": key.removeprefix("did:key:")}],
    }
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(status[0], json=document, headers={"location": "https://evil/"})

    status = [200]
    envelope = json.loads(seal(draft(**EMIT, body={}), me, clock=1).wire)

    async def verify(**options: object) -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
            resolver = WebResolver(http, **options)  # type: ignore[arg-type]
            outcome = await verify_online(envelope, resolver)
            again = await verify_online(envelope, resolver)
            assert outcome == again
            return outcome.status

    assert asyncio.run(verify()) == "valid"
    assert asked == ["https://example.org/user/ada/did.json"]
    document["verificationMethod"] = [{"id": "#b", "publicKeyJwk": jwk}]
    assert asyncio.run(verify()) == "valid"
    document["assertionMethod"] = ["#c"]
    assert asyncio.run(verify()) == "invalid"
    document["id"] = "did:web:evil.example"
    assert asyncio.run(verify()) == "unresolved"
    status[0] = 302
    assert asyncio.run(verify()) == "unresolved"

    async def local() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
            with pytest.raises(IdentityError, match="local"):
                await WebResolver(http).keys("did:web:127.0.0.1")
            with pytest.raises(ResolutionError):
                await WebResolver(http, allow_local=True).keys("did:web:localhost")

    asyncio.run(local())


def _b64(data: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_missing_extra_names_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error is the command that installs it."""
    import sys

    from syncropel import MissingExtraError

    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'syncropel-sdk\[otel\]'"):
        OpenTelemetry()
    ed25519 = "cryptography.hazmat.primitives.asymmetric.ed25519"
    monkeypatch.setitem(sys.modules, ed25519, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'syncropel-sdk\[sign\]'"):
        Identity.key(bytes(32))
