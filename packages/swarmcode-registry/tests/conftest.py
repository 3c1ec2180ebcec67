"""A small adapter, a key, agents published from them, and the real servers that keep them."""

import fcntl
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from safetensors.numpy import save_file

from swarmcode_registry import (
    Description,
    LocalStore,
    Release,
    SigningKey,
    Store,
    describe,
    open_store,
    sign,
)

settings.register_profile("loaded", deadline=None)  # a busy machine is not a failure
settings.load_profile("loaded")

KEY = SigningKey("11" * 32)
OTHER_KEY = SigningKey("22" * 32)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def write_adapter(folder: Path, *, seed: int = 0, rows: int = 8) -> Path:
    """Write what a trainer leaves: weights, their configuration, a tokenizer, a card."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"base_model.model.layers.{layer}.self_attn.q_proj.lora_{side}.weight": random.random(
            (rows, 4), dtype=np.float32
        )
        for layer in range(2)
        for side in "AB"
    }
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {"base_model_name_or_path": "Qwen/Qwen2.5-Coder-7B-Instruct", "r": 4}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "README.md").write_text(f"# An adapter, seed {seed}\n")
    (folder / "tokenizer").mkdir(exist_ok=True)
    (folder / "tokenizer" / "vocab.txt").write_text("def\nclass\nreturn\n")
    return folder


@pytest.fixture
def key() -> SigningKey:
    return KEY


@pytest.fixture
def other_key() -> SigningKey:
    return OTHER_KEY


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "adapter")


@pytest.fixture
def make_adapter() -> Callable[..., Path]:
    return write_adapter


Releasing = Callable[..., Release]


@pytest.fixture
def release(adapter: Path) -> Releasing:
    """Return a signed release of the adapter, with a given name and version."""

    def make(
        version: str = "1.0.0",
        *,
        name: str = "alice/fixer",
        folder: Path = adapter,
        key: SigningKey = KEY,
        chain_id: int | None = None,
        **said: object,
    ) -> Release:
        description = Description(name=name, version=version, **said)  # type: ignore[arg-type]
        manifest = sign(describe(folder, description, now=NOW), key, chain_id=chain_id)
        return Release(manifest, folder)

    return make


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "registry")


@pytest.fixture
def agent(release: Releasing) -> Path:
    """A folder as `pull` leaves it: the adapter and its signed manifest."""
    made = release()
    (made.folder / "manifest.json").write_bytes(made.manifest.to_bytes())
    return made.folder


# ── one of each store, empty ──────────────────────────────────────────────────────────────────


@pytest.fixture
def local_store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "local"))


@pytest.fixture
def ipfs_store(tmp_path: Path) -> Store:
    return open_store(f"ipfs:{tmp_path / 'cars'}")


@pytest.fixture
def hub_store(tmp_path: Path) -> Store:
    return open_store(f"hub:{tmp_path / 'hub'}")


class RegistryServer:
    """The registry server of the system's package, on loopback."""

    def __init__(self, folder: Path, *, extra: str = "") -> None:
        command = shutil.which("docker-registry")
        if command is None:
            pytest.skip("needs the system package docker-registry: apt-get install docker-registry")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._command, self._extra = folder, command, extra
        self.port = free_port()
        self.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        config = self.folder / "config.yml"
        config.write_text(
            "version: 0.1\n"
            "log: {accesslog: {disabled: true}, level: error}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.folder / 'data'}}}}}\n"
            f"http: {{addr: '{self.host}', secret: between-restarts}}\n" + self._extra
        )
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._command, "serve", str(config)], stdout=log, stderr=log
            )
        wait_for(self.port, self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[Any] | None = None) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process is None or process.poll() is None, "the server ended"
        time.sleep(0.05)
    pytest.fail("the server does not listen")


@pytest.fixture
def make_registry(tmp_path: Path) -> Iterator[Callable[..., RegistryServer]]:
    made: list[RegistryServer] = []

    def make(**options: Any) -> RegistryServer:
        made.append(RegistryServer(tmp_path / f"registry-{len(made)}", **options))
        return made[-1]

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    server = RegistryServer(tmp_path_factory.mktemp("registry"))
    yield server
    server.kill()


@pytest.fixture
def oci_store(registry: RegistryServer) -> Store:
    return open_store(f"oci://{registry.host}/{uuid.uuid4().hex}")


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


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_environment(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What S3 tools read, for this process and those that it starts."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "one")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "two")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture
def s3_store(s3_endpoint: str, s3_environment: None) -> Store:
    bucket = f"b{uuid.uuid4().hex}"
    asked = urllib.request.Request(f"{s3_endpoint}/{bucket}", method="PUT")
    urllib.request.urlopen(asked).close()
    return open_store(f"s3://{bucket}/team/agents")


# ── JavaScript, for a second opinion ──────────────────────────────────────────────────────────

PACKAGES = Path(__file__).with_name("package.json")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Install the pinned npm packages once, in a folder outside the checkout."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs the system package npm: apt-get install npm")
    wanted = PACKAGES.read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "swarmcode-tests" / f"npm-{hashlib.sha256(wanted).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not (folder / "done").is_file():
            (folder / "package.json").write_bytes(wanted)
            flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
            run = subprocess.run(
                [npm, "install", *flags], cwd=folder, capture_output=True, text=True, timeout=110
            )
            if run.returncode != 0:
                pytest.skip(
                    "needs the npm packages of tests/package.json: the registry did not answer"
                )
            (folder / "done").touch()
    return folder


@pytest.fixture
def node(node_modules: Path, tmp_path: Path) -> Callable[..., str]:
    """Run a JavaScript module with arguments; return what it prints."""

    def run(script: str, *arguments: object) -> str:
        path = node_modules / f"{uuid.uuid4().hex}.mjs"  # imports are found from where it lies
        path.write_text(script)
        try:
            done = subprocess.run(
                ["node", path, *map(str, arguments)],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=110,
            )
        finally:
            path.unlink()
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
