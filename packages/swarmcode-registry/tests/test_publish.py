"""Publishing: the published names, and every way in which it refuses."""

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

from swarmcode_registry import (
    AdapterError,
    AdapterMissingError,
    AgentManifest,
    BadReferenceError,
    BadSafetensorsError,
    Evaluation,
    LocalStore,
    ManifestError,
    RegistryError,
    SigningKey,
    SigningKeyError,
    StoreError,
    Training,
    UnsafeFileError,
    VersionExistsError,
    verify,
    verify_manifest,
)
from swarmcode_registry.ipfs import cid_text, folder_of, root_of
from swarmcode_registry.publish import PublishConfig, Publisher, PublishResult

SECRET = "11" * 32


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWARMCODE_PRIVATE_KEY", raising=False)


def config(adapter: Path, **fields: object) -> PublishConfig:
    return PublishConfig.model_validate({"adapter_path": adapter, "ipfs_gateway": None, **fields})


def test_scripts_written_for_the_older_program_run(
    adapter: Path, key: SigningKey, tmp_path: Path
) -> None:
    """A configuration of any class with the published fields, and the published result."""
    older = SimpleNamespace(
        adapter_path=str(adapter),
        manifest_output=Path("./artifacts/manifest.json"),
        name="swarmcode-agent",
        version="0.1.0",
        description="",
        author="",
        private_key=f"0x{SECRET}",
        ipfs_gateway="http://localhost:5001",  # their default: used if a node is there
    )
    result = Publisher(older).publish()
    assert isinstance(result, PublishResult)
    assert result.manifest_path == Path("artifacts/manifest.json")
    document = json.loads(result.manifest_path.read_bytes())
    assert document["signature"] == result.signature
    assert document["adapter"]["hash"].startswith("sha256:")
    assert document["base_model"] == "Qwen/Qwen2.5-Coder-7B-Instruct"
    assert verify_manifest(result.manifest_path, key.address) is True


def test_the_content_id_is_the_folders(adapter: Path, key: SigningKey) -> None:
    """What an IPFS program would say of the files with their manifest."""
    result = Publisher(config(adapter), key=key).publish()
    files = {file.path: adapter / file.path for file in result.manifest.files}
    expected = root_of(folder_of({**files, "manifest.json": result.manifest.to_bytes()}))
    assert result.ipfs_cid == cid_text(expected)
    assert not result.ipfs_uploaded


def test_a_node_that_was_named_must_be_there(adapter: Path, key: SigningKey) -> None:
    """A configured upload never silently does not happen; an unconfigured one is not missed."""
    named = config(adapter, ipfs_gateway="http://127.0.0.1:9")
    with pytest.raises(StoreError, match="no IPFS node answers"):
        Publisher(named, key=key).publish()


def test_what_people_say_is_in_the_manifest(adapter: Path, key: SigningKey) -> None:
    """Training data, evaluation, licence, capabilities, tools, links and extensions."""
    said = config(
        adapter,
        name="alice/fixer",
        version="2.0.0-rc.1",
        author="Alice",
        license="Apache-2.0",
        base_model_revision="main@abc",
        training=Training(data_hash=f"sha256:{'a' * 64}", examples=120, method="qlora"),
        evaluation=Evaluation(examples=40, pass_rate=0.55, patch_apply_rate=0.975),
        capabilities=("code_generation",),
        tools=("read_file", "search"),
        extensions={"example.team": {"budget": 3}},
    )
    manifest = Publisher(said, key=key).publish().manifest
    assert AgentManifest.from_bytes(manifest.to_bytes()) == manifest
    document = manifest.to_dict()
    assert document["evaluation"]["pass_rate"] == 0.55
    assert document["training"]["examples"] == 120
    assert document["extensions"] == {"example.team": {"budget": 3}}
    assert document["adapter"]["tensors"] == 4
    assert document["adapter"]["parameters"] == 4 * 8 * 4
    assert document["adapter"]["dtypes"] == ["F32"]


def test_publishing_into_a_store_with_tags(adapter: Path, key: SigningKey) -> None:
    """One call signs, pushes and tags."""
    said = config(adapter, store="registry", tags=("stable",), version="1.0.0")
    result = Publisher(said, key=key).publish()
    assert result.pushed is not None
    index = LocalStore("registry").index("swarmcode-agent")
    assert index.tags == {"stable": "1.0.0"}


def test_publishing_again_is_the_same_version(adapter: Path, key: SigningKey) -> None:
    """An interrupted run is repeated as it was; a changed folder is another manifest."""
    moments = iter(datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 9))
    said = config(adapter, store="registry")

    def publish() -> PublishResult:
        return Publisher(said, key=key, now=lambda: next(moments)).publish()

    first, second = publish(), publish()
    assert first.manifest == second.manifest
    assert second.pushed is not None
    assert second.pushed.sent == ()
    (adapter / "README.md").write_text("# changed\n")
    with pytest.raises(VersionExistsError):
        publish()


# ── keys ──────────────────────────────────────────────────────────────────────────────────────


def test_without_a_key_nothing_is_written(adapter: Path) -> None:
    """Neither a manifest without a signature nor one with a made-up one."""
    with pytest.raises(SigningKeyError, match="there is no signing key"):
        Publisher(config(adapter, store="registry")).publish()
    assert sorted(path.name for path in Path().iterdir()) == ["adapter"]


@pytest.mark.parametrize("bad", ["", "0x1234", "hello", "0" * 64])
def test_a_bad_key_is_an_error(adapter: Path, bad: str) -> None:
    """The older program signed with nonsense here."""
    with pytest.raises(SigningKeyError):
        Publisher(config(adapter, private_key=bad)).publish()
    assert not Path("artifacts").exists()


def test_keys_come_from_the_environment_or_a_keystore(
    adapter: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the keystore is the one that counts where both are there."""
    monkeypatch.setenv("SWARMCODE_PRIVATE_KEY", "22" * 32)
    by_variable = Publisher(config(adapter)).publish().manifest
    key.save("key.json", password="p")
    monkeypatch.setenv("SWARMCODE_KEYSTORE_PASSWORD", "p")
    by_keystore = Publisher(config(adapter, keystore=Path("key.json"))).publish().manifest
    assert by_variable.signing is not None
    assert by_keystore.signing is not None
    assert by_keystore.signing.signer == key.address != by_variable.signing.signer


def test_a_key_in_a_configuration_file_is_refused(adapter: Path) -> None:
    """It would end in a repository; the message does not repeat it."""
    with pytest.raises(SigningKeyError, match="must not stand in a configuration file") as caught:
        PublishConfig.from_settings({"adapter_path": str(adapter), "private_key": SECRET})
    assert SECRET not in str(caught.value)
    held = config(adapter, private_key=SECRET)
    assert SECRET not in f"{held!r} {held} {held.model_dump_json()}"
    with pytest.raises(RegistryError, match="publish settings, surprise"):
        PublishConfig.from_settings({"adapter_path": str(adapter), "surprise": 1})


# ── bad input ─────────────────────────────────────────────────────────────────────────────────


def test_a_missing_adapter_is_a_value_error(tmp_path: Path, key: SigningKey) -> None:
    """With the published words."""
    with pytest.raises(ValueError, match="does not exist") as caught:
        Publisher(config(tmp_path / "nowhere"), key=key).publish()
    assert isinstance(caught.value, AdapterMissingError)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch exploded",)


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))


def write_header(path: Path, header: str, data: bytes = b"") -> None:
    raw = header.encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + data)


TENSOR = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'

UNFIT: list[tuple[str, Callable[[Path], object], type[Exception], str]] = [
    ("pytorch", lambda f: write_zip(f / "pytorch_model.bin"), UnsafeFileError, "run code"),
    ("pt", lambda f: (f / "x.pt").write_bytes(b"x"), UnsafeFileError, "run code"),
    ("upper-case", lambda f: (f / "x.PKL").write_bytes(b"x"), UnsafeFileError, "run code"),
    ("renamed-pickle", lambda f: (f / "vocab.json").write_bytes(pickle.dumps(Bomb())),
     UnsafeFileError, "is a pickle"),
    ("renamed-zip", lambda f: write_zip(f / "vocab.json"), UnsafeFileError, "zip archive"),
    ("zip-behind-text", lambda f: (write_zip(f / "z"), (f / "z").write_bytes(
        b"text " + (f / "z").read_bytes())), UnsafeFileError, "zip archive at its end"),
    ("numpy", lambda f: np.save(f / "x.dat.npy", np.zeros(3)), UnsafeFileError, "run code"),
    ("gzip", lambda f: (f / "x").write_bytes(b"\x1f\x8b..."), UnsafeFileError, "compressed"),
    ("program", lambda f: (f / "x").write_bytes(b"\x7fELF..."), UnsafeFileError, "program"),
    ("link", lambda f: (f / "x").symlink_to("/etc/passwd"), UnsafeFileError, "symbolic link"),
    ("link-to-folder", lambda f: (f / "x").symlink_to("/etc"), UnsafeFileError, "symbolic link"),
    ("dangling-link", lambda f: (f / "x").symlink_to("nowhere"), UnsafeFileError, "symbolic link"),
    ("pipe", lambda f: os.mkfifo(f / "x"), UnsafeFileError, "not a regular file"),
    ("backslash", lambda f: (f / "a\\b").write_text("x"), UnsafeFileError, "not allowed"),
    ("newline", lambda f: (f / "a\nb").write_text("x"), UnsafeFileError, "not allowed"),
    ("device", lambda f: (f / "NUL.txt").write_text("x"), UnsafeFileError, "device"),
    ("not-utf-8", lambda f: Path(os.fsdecode(bytes(f) + b"/\xff")).write_text("x"),
     UnsafeFileError, "not allowed"),
    ("case", lambda f: (f / "readme.MD").write_text("x"), UnsafeFileError, "same file as"),
    ("our-name", lambda f: (f / "Manifest.json").write_text("x"), UnsafeFileError, "itself uses"),
    ("no-weights", lambda f: (f / "adapter_model.safetensors").unlink(), AdapterError,
     "no .safetensors file"),
    ("empty-weights", lambda f: (f / "adapter_model.safetensors").write_bytes(b""),
     BadSafetensorsError, "cut short"),
    ("huge-header", lambda f: (f / "x.safetensors").write_bytes(b"\xff" * 16),
     BadSafetensorsError, "cut short"),
    ("header-no-json", lambda f: write_header(f / "x.safetensors", "{nonsense"),
     BadSafetensorsError, "not JSON"),
    ("header-key-twice", lambda f: write_header(
        f / "x.safetensors", f'{{"a":{TENSOR},"a":{TENSOR}}}', b"1234"),
     BadSafetensorsError, "twice"),
    ("tensors-overlap", lambda f: write_header(
        f / "x.safetensors", f'{{"a":{TENSOR},"b":{TENSOR}}}', b"1234"),
     BadSafetensorsError, "begins at byte 0"),
    ("bytes-left-over", lambda f: write_header(
        f / "x.safetensors", f'{{"a":{TENSOR}}}', b"12345"), BadSafetensorsError, "5 follow"),
    ("unknown-type", lambda f: write_header(
        f / "x.safetensors", '{"a":{"dtype":"PKL","shape":[1],"data_offsets":[0,4]}}', b"1234"),
     BadSafetensorsError, "unknown type"),
    ("negative-shape", lambda f: write_header(
        f / "x.safetensors", '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', b"1234"),
     BadSafetensorsError, "not counts"),
    ("overflowing-shape", lambda f: write_header(
        f / "x.safetensors",
        '{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}}', b"1234"),
     BadSafetensorsError, "needs"),
    ("other-base", lambda f: (f / "adapter_config.json").write_text("[1]"), AdapterError,
     "does not say its base model"),
    ("config-no-json", lambda f: (f / "adapter_config.json").write_text("{"), AdapterError,
     "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "error", "says"), [case[1:] for case in UNFIT], ids=[case[0] for case in UNFIT]
)
def test_an_unfit_folder_publishes_nothing(
    adapter: Path,
    key: SigningKey,
    spoil: Callable[[Path], object],
    error: type[Exception],
    says: str,
) -> None:
    """One line that says what is wrong and where; no manifest, nothing in the store."""
    spoil(adapter)
    with pytest.raises(error, match=says) as caught:
        Publisher(config(adapter, store="registry"), key=key).publish()
    assert len(str(caught.value).splitlines()) == 1
    assert not Path("artifacts").exists()
    assert LocalStore("registry").agents() == []
    assert not Path("exploded").exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"name": "My Agent"}, BadReferenceError, id="name"),
        pytest.param({"name": "../x"}, BadReferenceError, id="name-escapes"),
        pytest.param({"version": "1"}, BadReferenceError, id="version"),
        pytest.param({"tags": ("latest",)}, BadReferenceError, id="tag"),
        pytest.param({"store": "ftp://x"}, BadReferenceError, id="store"),
        pytest.param({"description": "x" * 5000}, ManifestError, id="too-long"),
        pytest.param({"extensions": {"a": float("nan")}}, ManifestError, id="not-a-number"),
        pytest.param({"extensions": {"a": 2**60}}, ManifestError, id="too-large-a-number"),
        pytest.param({"base_model": "Other/Model"}, AdapterError, id="other-base-model"),
    ],
)
def test_wrong_words_publish_nothing(
    adapter: Path, key: SigningKey, fields: dict[str, object], error: type[Exception]
) -> None:
    """Refused before anything is written."""
    with pytest.raises(error) as caught:
        Publisher(config(adapter, **fields), key=key).publish()
    assert len(str(caught.value).splitlines()) == 1
    assert not Path("artifacts").exists()


def test_an_adapter_folder_that_is_a_link_or_a_file(
    adapter: Path, key: SigningKey, tmp_path: Path
) -> None:
    """It must be the folder itself."""
    (tmp_path / "link").symlink_to(adapter)
    with pytest.raises(UnsafeFileError, match="name the folder itself"):
        Publisher(config(tmp_path / "link"), key=key).publish()
    with pytest.raises(AdapterError, match="is not a folder"):
        Publisher(config(adapter / "README.md"), key=key).publish()


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8"])
def test_what_the_reference_library_writes_is_read(
    adapter: Path, key: SigningKey, dtype: str
) -> None:
    """Scalars, empty tensors and metadata, several files."""
    tensors = {"a": np.zeros((3, 5), dtype), "b": np.zeros((), dtype), "c": np.zeros((0, 4), dtype)}
    save_file(tensors, adapter / "more.safetensors", metadata={"x": "y"})
    manifest = Publisher(config(adapter), key=key).publish().manifest
    assert manifest.adapter.tensors == 7
    assert manifest.adapter.parameters == 128 + 16
    (adapter / "manifest.json").write_bytes(manifest.to_bytes())
    assert verify(adapter, expect=key.address)
