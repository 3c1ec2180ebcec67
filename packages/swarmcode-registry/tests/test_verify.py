"""Verification fails closed: who was expected, what was signed, nothing else."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from swarmcode_registry import (
    AgentManifest,
    BadSafetensorsError,
    FilesDifferError,
    IdentityRequiredError,
    RegistryError,
    SigningKey,
    Trust,
    UnsafeFileError,
    UntrustedSignerError,
    check_files,
    trust_add,
    verify,
    verify_manifest,
)
from swarmcode_registry.signing.ethereum import EIP191Signer


def test_a_published_agent_verifies(agent: Path, key: SigningKey) -> None:
    """The signer, the manifest and its digest come back."""
    verified = verify(agent, expect=key.address)
    assert verified.signer == key.address
    assert verified.manifest.name == "alice/fixer"
    assert verified.digest == verified.manifest.digest
    assert verified.unchecked == ()


@pytest.mark.parametrize("expect", [None, "", Trust(())], ids=["none", "empty", "nobody"])
def test_nobody_expected_is_an_error(agent: Path, expect: object) -> None:
    """Without an identity there is nothing to verify against, so nothing verifies."""
    with pytest.raises(IdentityRequiredError):
        verify(agent, expect=expect)  # type: ignore[arg-type]


def test_another_signer_is_refused(agent: Path, other_key: SigningKey) -> None:
    """A good signature by somebody else is no signature."""
    with pytest.raises(UntrustedSignerError) as caught:
        verify(agent, expect=other_key.address)
    assert caught.value.signer.startswith("0x")


def test_a_trust_file_names_signers_for_agents(
    agent: Path, key: SigningKey, other_key: SigningKey, tmp_path: Path
) -> None:
    """A signer counts only for the agents that it is trusted with."""
    trust = tmp_path / "trust.json"
    trust_add(trust, other_key.address, agents=["bob/*"], note="Bob")
    with pytest.raises(IdentityRequiredError, match="nobody is trusted to sign alice/fixer"):
        verify(agent, expect=trust)
    trust_add(trust, key.address, agents=["alice/*"])
    assert verify(agent, expect=trust).signer == key.address
    trust_add(trust, key.address, agents=["carol/*"])  # the entry is replaced, not added to
    with pytest.raises(IdentityRequiredError):
        verify(agent, expect=trust)


def test_a_missing_or_damaged_trust_file_trusts_nobody(agent: Path, tmp_path: Path) -> None:
    """No file, no trust; and never a file read half."""
    with pytest.raises(IdentityRequiredError):
        verify(agent, expect=tmp_path / "none.json")
    damaged = tmp_path / "trust.json"
    damaged.write_text('{"schema": "swarmcode-trust/1", "signers": [], "signers": []}')
    with pytest.raises(RegistryError, match="occurs twice"):
        verify(agent, expect=damaged)


def rewritten(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(lambda f: (f / "README.md").unlink(), FilesDifferError, id="missing"),
        pytest.param(lambda f: (f / "new.txt").write_text("x"), FilesDifferError, id="added"),
        pytest.param(
            lambda f: rewritten(f / "README.md", lambda b: b + b" "), FilesDifferError, id="longer"
        ),
        pytest.param(
            lambda f: rewritten(f / "adapter_model.safetensors", lambda b: b[:-1]),
            FilesDifferError,
            id="truncated",
        ),
        pytest.param(
            lambda f: (f / "README.md").replace(f / "tokenizer" / "vocab.txt"),
            FilesDifferError,
            id="moved",
        ),
        pytest.param(
            lambda f: ((f / "README.md").unlink(), (f / "README.md").symlink_to("/etc/hostname")),
            UnsafeFileError,
            id="became-a-link",
        ),
        pytest.param(
            lambda f: ((f / "README.md").unlink(), os.mkfifo(f / "README.md")),
            UnsafeFileError,
            id="became-a-pipe",
        ),
        pytest.param(
            lambda f: (f / "tokenizer").rename(f / "Tokenizer"), FilesDifferError, id="renamed"
        ),
    ],
)
def test_a_changed_folder_is_refused(
    agent: Path, key: SigningKey, spoil: Callable[[Path], object], error: type[Exception]
) -> None:
    """Exactly the files that were signed, as they were signed."""
    spoil(agent)
    with pytest.raises(error):
        verify(agent, expect=key.address)


def test_every_flipped_byte_of_the_manifest_is_refused(agent: Path, key: SigningKey) -> None:
    """Every byte, one bit of each; benchmarks/fuzz_flips.py flips all eight."""
    path = agent / "manifest.json"
    whole = path.read_bytes()
    accepted = []
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 7
        path.write_bytes(flipped)
        if verify_manifest(path, key.address):
            accepted.append(place)
    assert accepted == []
    path.write_bytes(whole)
    assert verify_manifest(path, key.address)


def test_a_flipped_byte_of_any_file_is_refused(agent: Path) -> None:
    """A seeded slice of what benchmarks/fuzz_flips.py does ten thousand times."""
    manifest = AgentManifest.from_bytes((agent / "manifest.json").read_bytes())
    chance = random.Random(7)
    for _ in range(300):
        path = agent / chance.choice(manifest.files).path
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        with pytest.raises(RegistryError):
            check_files(agent, manifest)
        path.write_bytes(whole)
    check_files(agent, manifest)


def test_a_header_that_lies_is_refused_before_signing(
    adapter: Path, release: Callable[..., object]
) -> None:
    """Weights that do not describe themselves are not published."""
    path = adapter / "adapter_model.safetensors"
    rewritten(path, lambda b: b.replace(b'"shape":[8,4]', b'"shape":[8,5]', 1))
    with pytest.raises(BadSafetensorsError, match="needs 160 bytes, not 128"):
        release()


# ── verify_manifest, as it was published ──────────────────────────────────────────────────────


def legacy_manifest(folder: Path, key: SigningKey, *, indent: int | None = 2) -> Path:
    """Write a manifest as older programs did: sorted keys, no schema, signature inside."""
    document = {
        "name": "my-agent",
        "version": "1.0.0",
        "adapter": {"hash": "sha256:" + "ab" * 32, "size": 12345678},
        "base_model": "Qwen/Qwen2.5-Coder-7B-Instruct",
        "capabilities": ["code_generation", "bug_fixing"],
        "tools": ["read_file", "search", "apply_patch"],
        "description": "naïve – and happy",
    }
    signature = EIP191Signer(key).sign(json.dumps(document, sort_keys=True))
    path = folder / "legacy.json"
    path.write_text(json.dumps({**document, "signature": signature}, indent=indent))
    return path


def test_a_manifest_from_before_the_schema_still_verifies(
    tmp_path: Path, key: SigningKey, other_key: SigningKey
) -> None:
    """The signature over the sorted-key JSON holds, for its signer alone."""
    path = legacy_manifest(tmp_path, key)
    assert verify_manifest(path, key.address)
    assert verify_manifest(path, address=key.address.lower())
    assert not verify_manifest(path, other_key.address)
    document = json.loads(path.read_text())
    document["base_model"] = "Evil/Model"
    path.write_text(json.dumps(document))
    assert not verify_manifest(path, key.address)


def test_a_manifest_from_before_the_schema_is_never_loaded(
    agent: Path, tmp_path: Path, key: SigningKey
) -> None:
    """It lists no files, so a folder cannot be verified by it: no downgrade to the old form."""
    legacy_manifest(tmp_path, key).replace(agent / "manifest.json")
    with pytest.raises(RegistryError, match="version None"):
        verify(agent, expect=key.address)


def test_verify_manifest_without_an_address_is_an_error(agent: Path) -> None:
    """There is no verification by length."""
    with pytest.raises(IdentityRequiredError):
        verify_manifest(agent / "manifest.json")


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"signature": 5}', b'{"signature": "0x"}', b'{"a": 1, "a": 2}', b"\xff"],
)
def test_what_is_no_signed_manifest_is_not_verified(
    tmp_path: Path, key: SigningKey, content: bytes
) -> None:
    """Whatever it is, the answer is no, or an error of ours."""
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    assert verify_manifest(path, key.address) is False
