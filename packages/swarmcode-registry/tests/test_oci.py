"""The OCI store against the real registry server, well and unwell."""

import base64
import http.server
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from swarmcode_registry import (
    BadReferenceError,
    NotFoundError,
    Progress,
    RegistryError,
    Release,
    SigningKey,
    Store,
    StoreError,
    TransferError,
    VerificationError,
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

    first = subprocess.run([*command, str(24 << 20)], capture_output=True, timeout=60)
    assert first.returncode == -signal.SIGKILL, first.stderr
    with pytest.raises(NotFoundError):
        open_store(address).index("alice/fixer")
    time.sleep(0.2)  # the server notices the broken connection

    second = subprocess.run([*command, str(1 << 40)], capture_output=True, text=True, timeout=60)
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


def test_credentials_come_from_the_environment(
    make_registry: Callable[..., Any], release: Releasing, tmp_path: Path
) -> None:
    """Against the server's own htpasswd check."""
    # The bcrypt hash of "open sesame".
    hashed = "$2b$05$pSvw5fGZ8MX.U2gy9ip3b.TIP7PiFQg06ua9yfiYmVGBus02YIjpu"
    (tmp_path / "htpasswd").write_text(f"alice:{hashed}\n")
    auth = f"auth: {{htpasswd: {{realm: here, path: {tmp_path / 'htpasswd'}}}}}\n"
    server = make_registry(extra=auth)
    address = f"oci://{server.host}"
    known = {"SWARMCODE_OCI_USER": "alice", "SWARMCODE_OCI_PASSWORD": "open sesame"}
    for environment in ({}, known | {"SWARMCODE_OCI_PASSWORD": "wrong"}):
        with pytest.raises(StoreError, match="check the credentials"):
            OciStore(address, environment=environment).push(release())
    store = OciStore(address, environment=known)
    store.push(release())
    assert store.agents() == ["alice/fixer"]


class Tokens:
    """A token server as registries use them: it knows one password, and signs what it grants."""

    def __init__(self, folder: Path) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
        day = timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        made = made.public_key(self.key.public_key()).serial_number(7)
        made = made.not_valid_before(datetime.now(UTC) - day).not_valid_after(
            datetime.now(UTC) + day
        )
        self.certificate = made.sign(self.key, hashes.SHA256())
        self.bundle = folder / "tokens.pem"
        self.bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.asked: list[str] = []

    def grant(self, scopes: list[str]) -> str:
        chain = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER))
        access = [
            {"type": kind, "name": name, "actions": actions.split(",")}
            for kind, name, actions in (scope.split(":") for scope in scopes)
        ]
        head = {"alg": "ES256", "typ": "JWT", "x5c": [chain.decode()]}
        now = int(time.time())
        claims = {
            "iss": "tokens", "sub": "alice", "aud": "registry", "jti": uuid.uuid4().hex,
            "exp": now + 300, "nbf": now - 10, "iat": now, "access": access,
        }  # fmt: skip
        body = ".".join(unpadded(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self.key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{body}.{unpadded(r.to_bytes(32) + s.to_bytes(32))}"


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_bearer_tokens_are_fetched_where_the_registry_says(
    make_registry: Callable[..., Any],
    wrong_server: Callable[..., str],
    release: Releasing,
    key: SigningKey,
    tmp_path: Path,
) -> None:
    """As the large public registries do it: a token for each scope, from a server beside it."""
    tokens = Tokens(tmp_path)

    def reply(path: str) -> tuple[int, dict[str, str], bytes]:
        scopes = parse_qs(urlsplit(path).query).get("scope", [])
        tokens.asked += scopes
        return 200, {}, json.dumps({"token": tokens.grant(scopes)}).encode()

    realm = wrong_server(reply).replace("oci:", "http:") + "/token"
    settings = f"realm: '{realm}', service: registry, issuer: tokens"
    server = make_registry(
        extra=f"auth: {{token: {{{settings}, rootcertbundle: {tokens.bundle}}}}}\n"
    )
    address = f"oci://{server.host}/team"
    OciStore(address, environment={}).push(release())
    pull("alice/fixer", store=address, into=tmp_path / "got", expect=key.address)
    assert {scope.split(":")[1] for scope in tokens.asked} == {"team/alice/fixer"}
    assert any("push" in scope for scope in tokens.asked)


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


# ── registries that answer wrongly ────────────────────────────────────────────────────────────


@pytest.fixture
def wrong_server() -> Iterator[Callable[[Callable[[str], tuple[int, dict[str, str], bytes]]], str]]:
    """A server on loopback that answers each GET as it is told to."""
    made: list[http.server.ThreadingHTTPServer] = []

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some of these tests are about."""

    def make(reply: Callable[[str], tuple[int, dict[str, str], bytes]]) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = reply(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        made.append(Server(("127.0.0.1", 0), Handler))
        threading.Thread(target=made[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"oci://127.0.0.1:{made[-1].server_port}"

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


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
