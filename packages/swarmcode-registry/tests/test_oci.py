"""The OCI store against the real registry server, well and unwell."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from swarmcode_registry import (
    NotFoundError,
    Progress,
    RegistryError,
    Release,
    SigningKey,
    Store,
    StoreError,
    TransferError,
    VersionExistsError,
    open_store,
    pull,
)
from swarmcode_registry.stores.oci import OciStore

Releasing = Callable[..., Release]


def answer(server: Any, path: str, accept: str = "*/*") -> Any:
    asked = urllib.request.Request(f"http://{server.host}{path}", headers={"Accept": accept})
    with urllib.request.urlopen(asked) as response:
        return json.loads(response.read())


OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def test_an_agent_is_a_modelpack_artifact(
    registry: Any, oci_store: Store, release: Releasing
) -> None:
    """Looked at with plain HTTP: media types, paths, and layers that are the files themselves."""
    made = release(author="Alice", license="Apache-2.0", tools=("read_file",))
    oci_store.push(made)
    repository = oci_store.address.split("/", 3)[3] + "/alice/fixer"
    artifact = answer(registry, f"/v2/{repository}/manifests/1.0.0", OCI_MANIFEST)
    assert artifact["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert artifact["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    layers = {x["annotations"]["org.cncf.model.filepath"]: x for x in artifact["layers"]}
    assert {path: layer["mediaType"].split("model.")[1] for path, layer in layers.items()} == {
        "README.md": "doc.v1.raw",
        "adapter_config.json": "weight.config.v1.raw",
        "adapter_model.safetensors": "weight.v1.raw",
        "manifest.json": "doc.v1.raw",
        "tokenizer/vocab.txt": "weight.config.v1.raw",
    }
    for file in made.manifest.files:
        assert layers[file.path]["digest"] == f"sha256:{file.sha256}"
        assert layers[file.path]["size"] == file.size
    config = answer(registry, f"/v2/{repository}/blobs/{artifact['config']['digest']}")
    assert config["descriptor"] == {
        "authors": ["Alice"],
        "createdAt": "2026-01-02T03:04:05Z",
        "licenses": ["Apache-2.0"],
        "name": "alice/fixer",
        "version": "1.0.0",
    }
    assert config["config"]["format"] == "safetensors"
    assert config["config"]["precision"] == "float32"
    assert config["modelfs"] == {
        "type": "layers",
        "diffIds": [layer["digest"] for layer in artifact["layers"]],
    }
    latest = answer(registry, f"/v2/{repository}/manifests/latest", OCI_MANIFEST)
    assert latest == artifact


def big_adapter(folder: Path, make_adapter: Callable[..., Path]) -> Path:
    return make_adapter(folder, rows=1_000_000)  # 64 MB


PUSH = """
import os, signal, sys
from pathlib import Path
from swarmcode_registry import AgentManifest, Release
from swarmcode_registry.stores.oci import OciStore

address, folder, sessions, manifest, limit = sys.argv[1:]
store = OciStore(address, sessions=Path(sessions))
release = Release(AgentManifest.from_bytes(Path(manifest).read_bytes()), Path(folder))

sent = 0

def tell(event):
    global sent
    if event.step == "upload" and event.path == "adapter_model.safetensors":
        sent += event.bytes
        if sent > int(limit):
            os.kill(os.getpid(), signal.SIGKILL)

store.push(release, on_progress=tell)
print(sent)
"""


def test_a_killed_push_publishes_nothing_and_is_resumed(
    make_registry: Callable[..., Any],
    make_adapter: Callable[..., Path],
    release: Releasing,
    key: SigningKey,
    tmp_path: Path,
) -> None:
    """The process is killed in the middle of a file; the next one sends the rest of that file."""
    server = make_registry()
    folder = big_adapter(tmp_path / "big", make_adapter)
    made = release(folder=folder)
    (tmp_path / "m.json").write_bytes(made.manifest.to_bytes())
    address = f"oci://{server.host}/team"
    arguments = [address, folder, tmp_path / "sessions", tmp_path / "m.json"]
    command = [sys.executable, "-c", PUSH, *map(str, arguments)]

    first = subprocess.run([*command, str(24 << 20)], capture_output=True, timeout=110)
    assert first.returncode == -signal.SIGKILL, first.stderr
    with pytest.raises(NotFoundError):
        open_store(address).index("alice/fixer")
    time.sleep(0.2)  # the server notices the broken connection

    second = subprocess.run([*command, str(1 << 40)], capture_output=True, text=True, timeout=110)
    assert second.returncode == 0, second.stderr
    again = int(second.stdout)
    size = (folder / "adapter_model.safetensors").stat().st_size
    assert 0 < again < size - (8 << 20), "the file was sent from its beginning"
    verified = pull("alice/fixer", store=address, into=tmp_path / "got", expect=key.address)
    assert verified.digest == made.manifest.digest
    assert not list((tmp_path / "sessions").iterdir())


def test_a_registry_that_dies_in_mid_push_is_an_error_and_publishes_nothing(
    make_registry: Callable[..., Any],
    make_adapter: Callable[..., Path],
    release: Releasing,
    tmp_path: Path,
) -> None:
    """The server is killed; when it is back, publishing again goes on."""
    server = make_registry()
    made = release(folder=big_adapter(tmp_path / "big", make_adapter))
    store = OciStore(f"oci://{server.host}", sessions=tmp_path / "sessions")

    def kill_it(event: Progress) -> None:
        if event.step == "upload" and event.path.endswith(".safetensors"):
            server.kill()

    with pytest.raises(StoreError):
        store.push(made, on_progress=kill_it)
    server.start()
    with pytest.raises(NotFoundError):
        store.index("alice/fixer")
    assert store.push(made).digest == made.manifest.digest
    assert [entry.version for entry in store.index("alice/fixer").versions] == ["1.0.0"]


def test_a_registry_that_dies_in_mid_pull_leaves_nothing_and_is_resumed(
    make_registry: Callable[..., Any],
    make_adapter: Callable[..., Path],
    release: Releasing,
    key: SigningKey,
    tmp_path: Path,
) -> None:
    """Nothing at the target; the second pull downloads the rest alone."""
    server = make_registry()
    made = release(folder=big_adapter(tmp_path / "big", make_adapter))
    address = f"oci://{server.host}"
    OciStore(address).push(made)
    got = []

    def kill_it(event: Progress) -> None:
        if event.step == "download" and event.path.endswith(".safetensors"):
            got.append(event.bytes)
            if sum(got) > 8 << 20 and server.process.poll() is None:
                server.kill()

    target = tmp_path / "pulled"
    with pytest.raises((StoreError, TransferError)):
        pull("alice/fixer", store=address, into=target, expect=key.address, on_progress=kill_it)
    assert not target.exists()
    server.start()
    events: list[Progress] = []
    pull("alice/fixer", store=address, into=target, expect=key.address, on_progress=events.append)
    weights = [e for e in events if e.path.endswith(".safetensors")]
    downloaded = sum(e.bytes for e in weights if e.step == "download")
    assert downloaded <= weights[0].total - (8 << 20)
    assert (target / "adapter_model.safetensors").read_bytes() == (
        made.folder / "adapter_model.safetensors"
    ).read_bytes()


def test_a_version_that_somebody_else_published_meanwhile_stays(
    oci_store: Store, release: Releasing, adapter: Path, key: SigningKey, tmp_path: Path
) -> None:
    """While our files travel; a registry has no locks, but a version is published once."""
    ours = release()
    elsewhere = shutil.copytree(adapter, tmp_path / "elsewhere")
    (elsewhere / "README.md").write_text("theirs")
    theirs = release(folder=elsewhere)
    pushed = threading.Event()

    def interfere(event: Progress) -> None:
        if event.step == "upload" and event.path.endswith(".safetensors") and not pushed.is_set():
            pushed.set()
            oci_store.push(theirs)

    with pytest.raises(VersionExistsError):
        oci_store.push(ours, on_progress=interfere)
    pull("alice/fixer", store=oci_store, into=tmp_path / "got", expect=key.address)
    assert (tmp_path / "got" / "README.md").read_text() == "theirs"


def test_blobs_that_rot_in_the_registry_are_refused(
    make_registry: Callable[..., Any], release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """Every blob in turn is changed on the server's disk, at the same length."""
    server = make_registry()
    address = f"oci://{server.host}"
    OciStore(address).push(release())
    blobs = sorted((server.folder / "data").glob("docker/registry/v2/blobs/sha256/*/*/data"))
    assert len(blobs) == 7  # four files, the manifest, the configuration, the artifact
    refused = 0
    for number, blob in enumerate(blobs):
        whole = blob.read_bytes()
        blob.write_bytes(whole[:-2] + bytes([whole[-2] ^ 4]) + whole[-1:])
        target = tmp_path / f"pulled-{number}"
        try:
            pull("alice/fixer", store=address, into=target, expect=key.address)
        except RegistryError:
            refused += 1
            assert not target.exists()
        blob.write_bytes(whole)
    assert refused == 6  # all but the configuration, which is for other tools and is not read
    pull("alice/fixer", store=address, into=tmp_path / "good", expect=key.address)
