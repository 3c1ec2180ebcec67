"""The second signature, for people without a wallet: OpenSSF Model Signing."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from swarmcode_registry import (
    BadSignatureError,
    FilesDifferError,
    LocalStore,
    PublishConfig,
    Publisher,
    RegistryError,
    Release,
    SigningKey,
    SigningKeyError,
    Trust,
    pull,
    sign_folder,
    trust_add,
    verify,
)


def write_pair(folder: Path, name: str, *, password: bytes | None = None) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_pair(tmp_path_factory.mktemp("keys"), "alice")


@pytest.fixture
def signed(agent: Path, pair: tuple[Path, Path]) -> Path:
    sign_folder(agent, pair[0])
    return agent


def test_the_projects_own_command_verifies_the_folder(
    signed: Path, pair: tuple[Path, Path]
) -> None:
    """Somebody who has never heard of this package checks it."""
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(signed)]
    options = ["--signature", str(signed / "model.sig"), "--public_key", str(pair[1])]
    ignored = ["--ignore-paths", str(signed / "model.sig")]
    run = subprocess.run([*command, *options, *ignored], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_public_key_is_an_identity(
    signed: Path, pair: tuple[Path, Path], key: SigningKey
) -> None:
    """By its file, by its text, and from a trust file; an address still works beside it."""
    verified = verify(signed, expect=pair[1])
    assert verified.signer.startswith("key:sha256:")
    assert verify(signed, expect=pair[1].read_text()).signer == verified.signer
    trust = signed.parent / "trust.json"
    trust_add(trust, str(pair[1]), agents=["alice/*"])
    assert verify(signed, expect=trust).signer == verified.signer
    assert verify(signed, expect=key.address).unchecked == ("model.sig",)


def test_one_trusted_signature_of_either_kind_is_enough(
    signed: Path, pair: tuple[Path, Path], key: SigningKey, other_key: SigningKey
) -> None:
    """A trust file may name keys and addresses for one agent."""
    trust = signed.parent / "trust.json"
    trust_add(trust, str(pair[1]))
    trust_add(trust, other_key.address)
    assert verify(signed, expect=trust).signer.startswith("key:sha256:")
    trust_add(trust, key.address)
    assert verify(signed, expect=trust).signer == key.address
    (signed / "README.md").write_text("x")
    with pytest.raises(RegistryError):
        verify(signed, expect=trust)


def test_another_key_or_no_bundle_is_refused(
    agent: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """A good signature by somebody else is none."""
    with pytest.raises(BadSignatureError, match=r"there is no model\.sig"):
        verify(agent, expect=pair[1])
    other, _ = write_pair(tmp_path, "mallory")
    sign_folder(agent, other)
    with pytest.raises(BadSignatureError):
        verify(agent, expect=pair[1])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda f: (f / "README.md").write_text("x"), id="file"),
        pytest.param(lambda f: (f / "extra.txt").write_text("x"), id="added"),
        pytest.param(lambda f: (f / "README.md").unlink(), id="missing"),
        pytest.param(lambda f: (f / ".gitignore").write_text("x"), id="git-file"),
        pytest.param(lambda f: (f / "model.sig").write_text("{}"), id="empty-bundle"),
        pytest.param(lambda f: (f / "model.sig").write_bytes(b"\xff"), id="no-json"),
        pytest.param(
            lambda f: (f / "manifest.json").write_bytes(
                (f / "manifest.json").read_bytes().replace(b'"1.0.0"', b'"1.0.1"')
            ),
            id="manifest",
        ),
    ],
)
def test_a_changed_folder_is_refused(
    signed: Path, pair: tuple[Path, Path], spoil: Callable[[Path], object]
) -> None:
    """Whatever it is that changed."""
    spoil(signed)
    with pytest.raises((BadSignatureError, FilesDifferError)):
        verify(signed, expect=pair[1])


def test_a_bundle_that_leaves_the_manifest_out_is_refused(
    agent: Path, pair: tuple[Path, Path]
) -> None:
    """A signature may say which paths it ignores; the manifest may not be one of them."""
    from model_signing import hashing, signing

    bundle = agent / "model.sig"
    ignoring = hashing.Config().set_ignored_paths(
        paths=[bundle, agent / "manifest.json"], ignore_git_paths=False
    )
    config = signing.Config().use_elliptic_key_signer(private_key=pair[0])
    config.set_hashing_config(ignoring).sign(agent, bundle)
    with pytest.raises(BadSignatureError, match=r"does not cover manifest\.json"):
        verify(agent, expect=pair[1])


def test_every_flipped_byte_of_the_signature_is_refused(
    signed: Path, pair: tuple[Path, Path]
) -> None:
    """One bit in each byte of the raw signature and of what it signs, through the bundle."""
    path = signed / "model.sig"
    whole = json.loads(path.read_bytes())
    envelope = whole["dsseEnvelope"]
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    for place in range(0, len(signature), 5):
        flipped = bytearray(signature)
        flipped[place] ^= 1
        envelope["signatures"][0]["sig"] = base64.b64encode(flipped).decode()
        path.write_text(json.dumps(whole))
        with pytest.raises(BadSignatureError):
            verify(signed, expect=pair[1])


def test_it_travels_with_the_agent(
    adapter: Path, pair: tuple[Path, Path], key: SigningKey, tmp_path: Path
) -> None:
    """Published with both signatures, pulled by either identity."""
    store = LocalStore(tmp_path / "store")
    config = PublishConfig(
        adapter_path=adapter,
        manifest_output=tmp_path / "m.json",
        name="alice/fixer",
        version="1.0.0",
        model_key=pair[0],
        ipfs_gateway=None,
    )
    Publisher(config, key=key, store=store).publish()
    by_key = pull("alice/fixer", store=store, into=tmp_path / "one", expect=pair[1])
    by_address = pull("alice/fixer", store=store, into=tmp_path / "two", expect=key.address)
    assert by_key.manifest == by_address.manifest
    assert (tmp_path / "one" / "model.sig").read_bytes() == (adapter / "model.sig").read_bytes()


def test_it_travels_through_every_store(
    signed: Path, pair: tuple[Path, Path], release: Callable[..., Release], oci_store: LocalStore,
    s3_store: LocalStore, ipfs_store: LocalStore, hub_store: LocalStore, tmp_path: Path,
) -> None:  # fmt: skip
    """The detached signature is one of the blobs everywhere."""
    bundle = (signed / "model.sig").read_bytes()
    made = release()
    for number, store in enumerate((oci_store, s3_store, ipfs_store, hub_store)):
        store.push(Release(made.manifest, made.folder, bundle))
        target = tmp_path / f"got-{number}"
        pull("alice/fixer", store=store, into=target, expect=pair[1])
        assert (target / "model.sig").read_bytes() == bundle


def test_unusable_keys_are_one_line(agent: Path, tmp_path: Path) -> None:
    """Missing, encrypted without a password, of another kind, or no key at all."""
    locked, _ = write_pair(tmp_path, "locked", password=b"open sesame")
    odd = tmp_path / "odd.pem"
    odd.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (tmp_path / "text.pem").write_text("hello")
    for path in (tmp_path / "none.pem", locked, odd, tmp_path / "text.pem"):
        with pytest.raises(SigningKeyError) as caught:
            sign_folder(agent, path)
        assert len(str(caught.value).splitlines()) == 1
    sign_folder(agent, locked, password="open sesame")
    shutil.rmtree(agent / "tokenizer")
    (agent / "manifest.json").unlink()
    with pytest.raises(RegistryError, match=r"has no manifest\.json"):
        sign_folder(agent, locked, password="open sesame")


def test_what_is_no_public_key_is_no_identity(agent: Path, tmp_path: Path) -> None:
    """A private key is not taken for one, nor is any other file."""
    private, _ = write_pair(tmp_path, "alice")
    for expect in (private, "-----BEGIN NONSENSE-----", tmp_path / "nowhere"):
        with pytest.raises(RegistryError):
            verify(agent, expect=expect)
    with pytest.raises(RegistryError):
        Trust.of("alice")
