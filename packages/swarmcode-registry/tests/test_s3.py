"""Large files in object storage: sent in parts, several at once, and gone on with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
import pytest

from swarmcode_registry import (
    NotFoundError,
    Progress,
    RegistryError,
    Release,
    SigningKey,
    Store,
    StoreError,
    open_store,
    pull,
)

Releasing = Callable[..., Release]

PUSH = """
import os, signal, sys
from pathlib import Path
from swarmcode_registry import AgentManifest, Release, open_store

address, folder, manifest, limit = sys.argv[1:]
release = Release(AgentManifest.from_bytes(Path(manifest).read_bytes()), Path(folder))
sent = 0

def tell(event):
    global sent
    if event.step == "upload" and event.path == "adapter_model.safetensors":
        sent += event.bytes
        if sent > int(limit):
            os.kill(os.getpid(), signal.SIGKILL)

open_store(address).push(release, on_progress=tell)
print(sent)
"""


@pytest.fixture
def big(release: Releasing, make_adapter: Callable[..., Path], tmp_path: Path) -> Release:
    """An agent whose weights are 48 MB: six parts."""
    return release(folder=make_adapter(tmp_path / "big", rows=750_000))


def downloaded(events: list[Progress]) -> int:
    return sum(event.bytes for event in events if event.step == "download")


def test_a_killed_push_is_gone_on_with(
    s3_store: Store, big: Release, key: SigningKey, tmp_path: Path
) -> None:
    """The process is killed in the middle of a file; the next one sends the rest of it alone."""
    manifest = tmp_path / "m.json"
    manifest.write_bytes(big.manifest.to_bytes())
    command = [sys.executable, "-c", PUSH, s3_store.address, str(big.folder), str(manifest)]
    first = subprocess.run([*command, str(20 << 20)], capture_output=True, timeout=110)
    assert first.returncode == -signal.SIGKILL, first.stderr
    with pytest.raises(NotFoundError):
        s3_store.index("alice/fixer")
    second = subprocess.run([*command, str(1 << 40)], capture_output=True, text=True, timeout=110)
    assert second.returncode == 0, second.stderr
    size = (big.folder / "adapter_model.safetensors").stat().st_size
    assert 0 < int(second.stdout) <= size - (20 << 20)
    verified = pull("alice/fixer", store=s3_store, into=tmp_path / "got", expect=key.address)
    assert verified.digest == big.manifest.digest


def test_a_broken_pull_is_gone_on_with(
    s3_store: Store, big: Release, key: SigningKey, tmp_path: Path
) -> None:
    """Wherever it stopped, also within a part; the rest is fetched from there."""

    class StoppedError(Exception):
        pass

    s3_store.push(big)
    first: list[Progress] = []

    def stop(event: Progress) -> None:
        first.append(event)
        if downloaded(first) > 18 << 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        pull(
            "alice/fixer", store=s3_store, into=tmp_path / "x", expect=key.address, on_progress=stop
        )
    assert not (tmp_path / "x").exists()
    events: list[Progress] = []
    tell = events.append
    pull("alice/fixer", store=s3_store, into=tmp_path / "x", expect=key.address, on_progress=tell)
    assert downloaded(events) < big.manifest.adapter.size - (16 << 20)


def test_equal_parts_travel_once(
    s3_store: Store, big: Release, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """A version whose weights differ at their end sends that end."""
    s3_store.push(big)
    weights = big.folder / "adapter_model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    events: list[Progress] = []
    s3_store.push(release("1.1.0", folder=big.folder), on_progress=events.append)
    sent = sum(e.bytes for e in events if e.step == "upload" and e.path == weights.name)
    assert sent <= 8 << 20
    pull("alice/fixer", store=s3_store, into=tmp_path / "got", expect=key.address)
    assert (tmp_path / "got" / weights.name).read_bytes() == changed


def test_a_large_file_that_changed_is_not_published(s3_store: Store, big: Release) -> None:
    """Its parts may have travelled; without their list they mean nothing, and do no harm later."""
    weights = big.folder / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(StoreError, match="changed after it was hashed"):
        s3_store.push(big)
    with pytest.raises(NotFoundError):
        s3_store.index("alice/fixer")
    weights.write_bytes(whole)
    s3_store.push(big)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda _: b"{", id="not-json"),
        pytest.param(lambda _: b'{"schema":"swarmcode-parts/2","parts":[]}', id="unknown-version"),
        pytest.param(lambda d: json.dumps(d | {"parts": d["parts"][::-1]}).encode(), id="order"),
        pytest.param(lambda d: json.dumps(d | {"parts": d["parts"][1:]}).encode(), id="one-less"),
        pytest.param(lambda d: json.dumps(d | {"parts": 2 * d["parts"]}).encode(), id="too-many"),
        pytest.param(
            lambda d: json.dumps(d | {"parts": [{"sha256": "../x", "size": 1}]}).encode(),
            id="path",
        ),
        pytest.param(
            lambda d: json.dumps(d | {"parts": [{"sha256": "0" * 64, "size": 1}]}).encode(),
            id="lost",
        ),
    ],
)
def test_a_damaged_list_of_parts_is_refused(
    s3_store: Any, big: Release, key: SigningKey, tmp_path: Path, spoil: Callable[..., bytes]
) -> None:
    """One error of ours, and nothing at the target."""
    s3_store.push(big)
    objects = s3_store._objects._store
    [path] = [item["path"] for page in obstore.list(objects, prefix="parts") for item in page]
    before = json.loads(bytes(obstore.get(objects, path).bytes()))
    obstore.put(objects, path, spoil(before))
    with pytest.raises(RegistryError) as caught:
        pull("alice/fixer", store=s3_store, into=tmp_path / "got", expect=key.address)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param(
            {"AWS_METADATA_ENDPOINT": "http://127.0.0.1:9"}, "set AWS_ACCESS_KEY_ID", id="no-key"
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a"}
            | {"AWS_SECRET_ACCESS_KEY": "b"},
            "set AWS_ALLOW_HTTP=true",
            id="in-the-clear",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a"}
            | {"AWS_SECRET_ACCESS_KEY": "b", "AWS_ALLOW_HTTP": "true"},
            "does not answer as it should",
            id="nobody-there",
        ),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    """One line that says which variable to set, where that can be told."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=said) as caught:
        open_store("s3://bucket").agents()
    assert len(str(caught.value).splitlines()) == 1
