"""OCI registries that answer wrongly, send elsewhere, or are not there: one clear error."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from swarmcode_registry import (
    BadReferenceError,
    RegistryError,
    Release,
    SigningKey,
    StoreError,
    VerificationError,
    open_store,
    pull,
)
from swarmcode_registry.stores.oci import OciStore

Releasing = Callable[..., Release]


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(200, {}, b"<html>Welcome to the hotel</html>", id="html"),
        pytest.param(200, {}, b"[]", id="a-list"),
        pytest.param(200, {}, b'{"tags": "1.0.0"}', id="tags-not-a-list"),
        pytest.param(200, {}, b'{"tags": [1]}', id="tags-of-numbers"),
        pytest.param(200, {}, b'{"tags": ["1.0.0"]}', id="no-annotations"),
        pytest.param(
            200, {}, b'{"tags": ["1.0.0"], "annotations": ["x"]}', id="annotations-not-a-table"
        ),
        pytest.param(200, {}, b"[" + b" " * (17 << 20) + b"]", id="too-large"),
        pytest.param(200, {"Link": '</again>; rel="next"'}, b'{"tags": []}', id="without-end"),
        pytest.param(500, {}, b"", id="an-error"),
        pytest.param(204, {}, b"", id="nothing"),
        pytest.param(403, {}, b"", id="forbidden"),
        pytest.param(
            200, {"Link": '<http://elsewhere/x>; rel="next"'}, b'{"tags": []}', id="sends-elsewhere"
        ),
        pytest.param(
            401, {"WWW-Authenticate": 'Bearer realm="http://evil/token"'}, b"", id="token-in-clear"
        ),
        pytest.param(200, {"Content-Length": "100"}, b"{}", id="cut-short"),
        pytest.param(200, {"Content-Length": "2"}, b'{"tags":[' + b"[" * 10**5, id="deep"),
    ],
)
def test_a_registry_that_answers_wrongly_is_a_clear_error(
    wrong_server: Callable[..., str],
    key: SigningKey,
    release: Releasing,
    tmp_path: Path,
    status: int,
    headers: dict[str, str],
    body: bytes,
) -> None:
    """One line, of our kind; nothing at the target, nothing published."""
    address = wrong_server(lambda _path: (status, headers, body))
    target = tmp_path / "pulled"
    with pytest.raises(RegistryError) as caught:
        pull("alice/fixer", store=address, into=target, expect=key.address)
    assert len(str(caught.value).splitlines()) == 1
    assert not target.exists()
    with pytest.raises(RegistryError):
        open_store(address).push(release())


def test_a_blob_may_lie_elsewhere_but_not_in_the_clear(
    wrong_server: Callable[..., str], key: SigningKey, release: Releasing, tmp_path: Path
) -> None:
    """Registries send to object storage for blobs; a plain HTTP address is not followed."""
    made = release()
    artifact = {"annotations": {"dev.swarmcode.manifest.digest": made.manifest.digest}}
    held = {f"sha256:{f.sha256}": (made.folder / f.path).read_bytes() for f in made.manifest.files}
    held[made.manifest.digest] = made.manifest.to_bytes()
    storage = wrong_server(lambda path: (200, {}, held[path.rsplit("/", 1)[-1]]))

    def sending_to(place: str) -> Callable[[str], tuple[int, dict[str, str], bytes]]:
        def reply(path: str) -> tuple[int, dict[str, str], bytes]:
            if "/tags/" in path:
                return 200, {}, b'{"tags": ["1.0.0"]}'
            if "/manifests/" in path:
                return 200, {}, json.dumps(artifact).encode()
            return 307, {"Location": f"{place}/{path.rsplit('/', 1)[-1]}"}, b""

        return reply

    good = wrong_server(sending_to(storage.replace("oci:", "http:")))
    pull("alice/fixer", store=good, into=tmp_path / "got", expect=key.address)
    bad = wrong_server(sending_to("http://storage.example"))
    with pytest.raises(StoreError, match="over plain HTTP"):
        pull("alice/fixer", store=bad, into=tmp_path / "bad", expect=key.address)


def test_a_registry_that_sends_more_than_was_signed_is_stopped(
    wrong_server: Callable[..., str], key: SigningKey, release: Releasing, tmp_path: Path
) -> None:
    """A file has the length that the manifest says; the disk is not filled."""
    made = release()
    artifact = {"annotations": {"dev.swarmcode.manifest.digest": made.manifest.digest}}

    def reply(path: str) -> tuple[int, dict[str, str], bytes]:
        if "/tags/" in path:
            return 200, {}, b'{"tags": ["1.0.0"]}'
        if "/manifests/" in path:
            return 200, {}, json.dumps(artifact).encode()
        if path.endswith(made.manifest.digest):
            return 200, {}, made.manifest.to_bytes()
        return 200, {}, b"x" * 50_000_000

    address = wrong_server(reply)
    with pytest.raises(StoreError, match="sent more than the"):
        pull("alice/fixer", store=address, into=tmp_path / "pulled", expect=key.address)
    left = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert left < 5_000_000


def test_a_registry_that_swaps_files_of_the_same_length_is_refused(
    wrong_server: Callable[..., str], key: SigningKey, release: Releasing, tmp_path: Path
) -> None:
    """What came is verified before it gets its name, and is thrown away when it is wrong."""
    made = release()
    artifact = {"annotations": {"dev.swarmcode.manifest.digest": made.manifest.digest}}
    sizes = {f"sha256:{file.sha256}": file.size for file in made.manifest.files}

    def reply(path: str) -> tuple[int, dict[str, str], bytes]:
        if "/tags/" in path:
            return 200, {}, b'{"tags": ["1.0.0"]}'
        if "/manifests/" in path:
            return 200, {}, json.dumps(artifact).encode()
        digest = path.rsplit("/", 1)[-1]
        return 200, {}, b"x" * sizes[digest] if digest in sizes else made.manifest.to_bytes()

    target = tmp_path / "pulled"
    with pytest.raises(VerificationError):
        pull("alice/fixer", store=wrong_server(reply), into=target, expect=key.address)
    assert not target.exists()
    assert not list(tmp_path.glob(".swarmcode-pull/*/*"))


def test_no_registry_at_all_is_one_line(key: SigningKey, tmp_path: Path) -> None:
    """A refused connection is explained."""
    with pytest.raises(StoreError, match="no registry answers at"):
        pull("a", store="oci://127.0.0.1:9", into=tmp_path / "x", expect=key.address)


@pytest.mark.parametrize(
    "address", ["oci:", "oci://", "oci://user:secret@host/x", "oci://host/UPPER", "oci://host/a?b"]
)
def test_an_address_that_is_none(address: str) -> None:
    """Also one with a password in it, which would end in logs."""
    with pytest.raises(BadReferenceError):
        open_store(address)


def test_plain_http_is_for_this_machine_only() -> None:
    """Any other host is spoken to over TLS."""
    for host, scheme in (
        ("localhost:5000", "http"),
        ("127.0.0.1", "http"),
        ("[::1]:5000", "http"),
        ("localhost.evil.example", "https"),
        ("127.0.0.1.evil.example", "https"),
        ("example.org:5000", "https"),
    ):
        store = OciStore(f"oci://{host}/a")
        assert store._registry.base == f"{scheme}://{host}"
