"""Signatures: made with a key from a safe place, checked by strangers."""

import hashlib
import json
import logging
import pickle
from collections.abc import Callable
from pathlib import Path

import eth_account
import pytest
from eth_account.messages import encode_defunct, encode_typed_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarmcode_registry import (
    AgentManifest,
    BadSignatureError,
    EIP191Signer,
    RegistryError,
    Release,
    SigningKey,
    SigningKeyError,
    key_from_environment,
    key_from_keystore,
    key_from_prompt,
    new_key,
    verify_manifest,
)
from swarmcode_registry.signing import checksummed, signer_of

Releasing = Callable[..., Release]
SECRET = "11" * 32


# ── strangers agree ───────────────────────────────────────────────────────────────────────────


def test_eth_account_recovers_the_signer_from_the_canonical_bytes(
    release: Releasing, key: SigningKey
) -> None:
    """The published recipe, followed without this package's verifying code."""
    document = json.loads(release().manifest.to_bytes())
    signature = document.pop("signature")
    canonical = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()  # RFC 8785, for a document of short ASCII keys and integers
    message = encode_defunct(primitive=canonical)
    assert eth_account.Account.recover_message(message, signature=signature) == key.address


def test_eth_account_recovers_the_signer_from_typed_data(
    release: Releasing, key: SigningKey
) -> None:
    """EIP-712: a wallet shows name, version and digests."""
    manifest = release(chain_id=10).manifest
    document = json.loads(manifest.to_bytes())
    signature = document.pop("signature")
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    message = encode_typed_data(
        domain_data={"name": "swarmcode-registry", "version": "1", "chainId": 10},
        message_types={
            "Agent": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "files", "type": "bytes32"},
                {"name": "manifest", "type": "bytes32"},
            ]
        },
        message_data={
            "name": "alice/fixer",
            "version": "1.0.0",
            "files": bytes.fromhex(document["adapter"]["hash"].removeprefix("sha256:")),
            "manifest": hashlib.sha256(canonical).digest(),
        },
    )
    assert eth_account.Account.recover_message(message, signature=signature) == key.address
    assert signer_of(manifest, chain_id=10) == key.address
    with pytest.raises(BadSignatureError, match="chain 10, and chain 1 is expected"):
        signer_of(manifest)


ETHERS = """
import { readFileSync } from "node:fs";
import { verifyMessage, verifyTypedData, sha256 } from "ethers";

const canonical = (value) =>
  Array.isArray(value) ? `[${value.map(canonical).join(",")}]`
  : value && typeof value === "object"
  ? `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`)}}`
  : JSON.stringify(value);
const { signature, ...manifest } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = new TextEncoder().encode(canonical(manifest));
if (manifest.signing.scheme === "eip191") {
  console.log(verifyMessage(bytes, signature));
} else {
  const domain = { name: "swarmcode-registry", version: "1", chainId: manifest.signing.chain_id };
  const types = { Agent: [
    { name: "name", type: "string" }, { name: "version", type: "string" },
    { name: "files", type: "bytes32" }, { name: "manifest", type: "bytes32" } ] };
  console.log(verifyTypedData(domain, types, {
    name: manifest.name, version: manifest.version,
    files: manifest.adapter.hash.replace("sha256:", "0x"), manifest: sha256(bytes) }, signature));
}
"""


@pytest.mark.parametrize("chain_id", [None, 1, 137], ids=["eip191", "eip712", "eip712-polygon"])
def test_ethers_recovers_the_signer(
    release: Releasing,
    key: SigningKey,
    node: Callable[..., str],
    tmp_path: Path,
    chain_id: int | None,
) -> None:
    """A JavaScript library, with a canonical form and a hash of its own, finds the same address."""
    manifest = release(
        chain_id=chain_id, description="naïve – \u2028 ✓", extensions={"a": [1e21, 0.1, None]}
    ).manifest
    path = tmp_path / "m.json"
    path.write_bytes(manifest.to_bytes())
    assert node(ETHERS, path).strip() == key.address


# ── only one signature ────────────────────────────────────────────────────────────────────────

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def with_signature(manifest: AgentManifest, signature: str) -> AgentManifest:
    return manifest.model_copy(update={"signature": signature})


def test_the_twin_of_a_signature_is_refused(release: Releasing, key: SigningKey) -> None:
    """(r, n-s) with the other v recovers to the same key in many libraries; not here."""
    manifest = release().manifest
    assert manifest.signature is not None
    raw = bytes.fromhex(manifest.signature[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64]), raw[64]
    twin = r + (ORDER - s).to_bytes(32) + bytes([27 + 28 - v])
    message = encode_defunct(primitive=manifest.signed_bytes())
    recovered = eth_account.Account.recover_message(message, signature=twin)
    assert recovered == key.address, "the twin is a real one"
    with pytest.raises(BadSignatureError, match="canonical form"):
        signer_of(with_signature(manifest, f"0x{twin.hex()}"))
    for other_v in (v - 27, v + 8, 37, 38):
        forged = f"0x{(raw[:64] + bytes([other_v])).hex()}"
        with pytest.raises(BadSignatureError):
            signer_of(with_signature(manifest, forged))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(min_size=65, max_size=65))
def test_any_other_signature_is_one_kind_of_error(release: Releasing, raw: bytes) -> None:
    """Points that are on no curve, zeros, what else there is."""
    manifest = release().manifest
    with pytest.raises(BadSignatureError):
        signer_of(with_signature(manifest, f"0x{raw.hex()}"))


def test_the_published_signer(key: SigningKey) -> None:
    """Signing and verifying any message, as older programs did it."""
    signer = EIP191Signer("0x" + SECRET)
    signature = signer.sign("hello")
    assert signature == EIP191Signer(key).sign(b"hello")
    assert signer.verify("hello", signature, key.address)
    assert EIP191Signer.verify("hello", signature, key.address.lower())
    assert not EIP191Signer.verify("hello!", signature, key.address)
    assert not EIP191Signer.verify("hello", signature[:-2] + "00", key.address)
    assert not EIP191Signer.verify("hello", "0x", key.address)
    document = {"b": 1, "a": "ü"}
    assert signer.sign(document) == signer.sign(json.dumps(document, sort_keys=True))


# ── keys ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "bad",
    [
        *("", "0x", "not a key", "11" * 31, "11" * 33, "00" * 32, "ff" * 32, "0x" + "1g" * 32),
        f"{ORDER:064x}",
    ],
)
def test_a_bad_key_is_an_error_that_does_not_tell_it(bad: str) -> None:
    """Never a made-up signature; and the message does not repeat what it was given."""
    for attempt in (
        lambda: SigningKey(bad),
        lambda: EIP191Signer(bad),
        lambda: key_from_prompt(lambda _: bad),
        lambda: key_from_environment(environment={"SWARMCODE_PRIVATE_KEY": bad}),
    ):
        with pytest.raises(SigningKeyError) as caught:
            attempt()
        assert not bad.strip() or bad not in str(caught.value)


def test_a_missing_key_says_what_to_do() -> None:
    """Neither silence nor a stand-in."""
    with pytest.raises(SigningKeyError, match="set SWARMCODE_PRIVATE_KEY, or name an encrypted"):
        key_from_environment(environment={})


def test_a_key_shows_its_address_alone(key: SigningKey, caplog: pytest.LogCaptureFixture) -> None:
    """In a message, in a log, in a pickle: nowhere is the secret."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().warning("using %s %r", key, [key])
    shown = f"{key} {key!r} {[key]} {caplog.text}"
    assert key.address in shown
    assert SECRET not in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(key)
    assert not hasattr(key, "__dict__")


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    SigningKey(SECRET).save(path, password="open sesame")
    return path


def test_a_keystore_is_encrypted_and_private(keystore: Path, key: SigningKey) -> None:
    """As wallets write it; only its owner can read the file, and it is never overwritten."""
    assert SECRET not in keystore.read_text()
    assert json.loads(keystore.read_text())["version"] == 3
    assert keystore.stat().st_mode & 0o777 == 0o600
    opened = key_from_keystore(keystore, ask=lambda _: "open sesame", environment={})
    assert opened.address == key.address
    by_variable = key_from_keystore(
        keystore, environment={"SWARMCODE_KEYSTORE_PASSWORD": "open sesame"}
    )
    assert by_variable.address == key.address
    with pytest.raises(SigningKeyError, match="exists already"):
        key.save(keystore, password="x")
    with pytest.raises(SigningKeyError, match="needs a password"):
        key.save(keystore.with_name("other.json"), password="")


def test_a_wrong_password_or_a_damaged_keystore_is_an_error(keystore: Path, tmp_path: Path) -> None:
    """One line that names the file."""
    with pytest.raises(SigningKeyError, match="cannot open the keystore"):
        key_from_keystore(keystore, ask=lambda _: "open", environment={})
    with pytest.raises(SigningKeyError, match="cannot read the keystore"):
        key_from_keystore(tmp_path / "none.json", ask=lambda _: "")
    for content in ("", "{}", "[]", '{"version": 3}', '{"version": 3, "crypto": {}}', SECRET):
        damaged = tmp_path / "damaged.json"
        damaged.write_text(content)
        with pytest.raises(SigningKeyError) as caught:
            key_from_keystore(damaged, ask=lambda _: "x", environment={})
        assert SECRET not in str(caught.value)


def test_new_keys_differ() -> None:
    """From the operating system's random source."""
    assert len({new_key().address for _ in range(5)}) == 5


def test_a_mistyped_address_is_noticed(key: SigningKey) -> None:
    """EIP-55: the case of the letters is a checksum."""
    assert checksummed(key.address.lower()) == key.address
    swapped = key.address[:-1] + key.address[-1].swapcase()
    with pytest.raises(RegistryError, match="is mistyped"):
        checksummed(swapped)
    for wrong in ("0x12", key.address + "0", "alice.eth"):
        with pytest.raises(RegistryError, match="is not an Ethereum address"):
            checksummed(wrong)


def test_the_key_is_in_nothing_that_is_written(
    release: Releasing, tmp_path: Path, key: SigningKey
) -> None:
    """Neither the manifest nor anything beside it."""
    made = release()
    (tmp_path / "m.json").write_bytes(made.manifest.to_bytes())
    assert verify_manifest(tmp_path / "m.json", key.address)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert SECRET.encode() not in data
            assert bytes.fromhex(SECRET) not in data
