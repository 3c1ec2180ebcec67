"""Environments of a day, from a package index on loopback that this test serves."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from swarmcode_agent.errors import EnvironmentBuildError
from swarmcode_agent.synth.prove.environment import Environments, OwnEnvironment
from swarmcode_agent.synth.prove.interpreters import Interpreter, choose, installed
from swarmcode_agent.synth.prove.requirements import Needs

pytestmark = pytest.mark.skipif(
    shutil.which("uv") is None, reason="needs the system package uv: pip install uv"
)

RELEASES = [
    ("pytest", "1.0", "2024-01-01T00:00:00Z"),
    ("pytest", "2.0", "2024-03-01T00:00:00Z"),
    ("needed", "1.0", "2024-02-01T00:00:00Z"),
]


def wheel(name: str, version: str) -> bytes:
    """A wheel with one module that knows its version."""
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{name}-{version}.dist-info/METADATA": about,
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{name}-{version}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return raw.getvalue()


@pytest.fixture(scope="module")
def index() -> Iterator[tuple[str, list[str]]]:
    """A simple index with the day of every release, and the requests it got."""
    asked: list[str] = []
    wheels = {f"{n}-{v}-py3-none-any.whl": (n, wheel(n, v), day) for n, v, day in RELEASES}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            parts = self.path.strip("/").split("/")
            if parts[0] == "files" and parts[-1] in wheels:
                return self._send(wheels[parts[-1]][1], "application/zip")
            files = [
                {
                    "filename": filename,
                    "url": f"/files/{filename}",
                    "hashes": {"sha256": hashlib.sha256(raw).hexdigest()},
                    "upload-time": day,
                }
                for filename, (name, raw, day) in wheels.items()
                if name == parts[-1]
            ]
            if not files:
                return self.send_error(404)
            data = {"meta": {"api-version": "1.1"}, "name": parts[-1], "files": files}
            return self._send(json.dumps(data).encode(), "application/vnd.pypi.simple.v1+json")

        do_HEAD = do_GET  # noqa: N815 - its name in http.server

        def _send(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environments(index, tmp_path, monkeypatch) -> Environments:
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", index[0])
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    return Environments(tmp_path / "environments", sys.executable)


FEBRUARY = datetime(2024, 2, 10, tzinfo=UTC)
APRIL = datetime(2024, 4, 1, tzinfo=UTC)


def test_versions_are_those_of_the_day(environments: Environments) -> None:
    """A commit of February gets what there was in February, and it really is installed."""
    early = environments.environment(Needs(tests=("needed",)), FEBRUARY)
    late = environments.environment(Needs(tests=("needed",)), APRIL)
    assert early.versions == ("needed==1.0", "pytest==1.0")
    assert late.versions == ("needed==1.0", "pytest==2.0")
    shown = [early.executable, "-c", "import pytest; print(pytest.VERSION)"]
    assert subprocess.check_output(shown, text=True).strip() == "1.0"


def test_the_same_versions_share_an_environment(environments: Environments, index) -> None:
    """A second commit with the same versions builds nothing; a second run asks nothing."""
    first = environments.environment(Needs(), FEBRUARY)
    stamp = (first.folder / "complete").stat().st_mtime_ns
    other = environments.environment(Needs(), datetime(2024, 2, 11, tzinfo=UTC))
    assert other == first
    asked = len(index[1])
    again = Environments(environments.folder, environments.python).environment(Needs(), FEBRUARY)
    assert again == first
    assert len(index[1]) == asked
    assert (first.folder / "complete").stat().st_mtime_ns == stamp


def test_a_test_requirement_that_was_not_there_yet_is_left_out(environments: Environments) -> None:
    """What the tests would like to have may be missing; what the project needs may not."""
    january = datetime(2024, 1, 5, tzinfo=UTC)
    built = environments.environment(Needs(tests=("needed", "pytest>=1")), january)
    assert built.versions == ("pytest==1.0",)
    with pytest.raises(EnvironmentBuildError, match="cannot be resolved for that day") as caught:
        environments.environment(Needs(runtime=("needed",)), january)
    assert "needed" in caught.value.detail
    with pytest.raises(EnvironmentBuildError, match="cannot be resolved"):
        environments.environment(Needs(runtime=("needed",)), january)


def test_the_python_of_the_day() -> None:
    """The newest one in use by then that the project admits; the oldest when none was."""
    pythons = [Interpreter((3, minor), f"python3.{minor}") for minor in (8, 11, 13)]
    assert choose(datetime(2021, 1, 1, tzinfo=UTC), "", pythons).version == (3, 8)
    assert choose(datetime(2024, 1, 1, tzinfo=UTC), "", pythons).version == (3, 11)
    assert choose(datetime(2026, 1, 1, tzinfo=UTC), ">=3.8,<3.12", pythons).version == (3, 11)
    assert choose(datetime(2015, 1, 1, tzinfo=UTC), "", pythons).version == (3, 8)
    assert choose(datetime(2021, 1, 1, tzinfo=UTC), ">=3.13", pythons).version == (3, 13)


def test_the_own_environment_is_this_one() -> None:
    """What runs here can run tests, whatever the day."""
    own = OwnEnvironment().environment(Needs(), FEBRUARY)
    assert subprocess.run([own.executable, "-c", "import pytest"], check=True).returncode == 0
    assert any(each.path == sys.executable for each in installed()) or installed()
