"""Storages of every kind, and the real servers behind two of them."""

from __future__ import annotations

import itertools
import logging
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worktree.storage import FilesystemStorage, MemoryStorage, Storage
from worktree.storage.http import HttpStorage
from worktree.storage.objectstore import ObjectStorage
from worktree.storage.sqlite import SqliteStorage

StorageMaker = Callable[[], Storage]
NUMBERS = itertools.count()
"""The servers live as long as the tests do: a name of theirs is used once."""
KINDS = ["files", "memory", "sqlite", "s3", "webdav"]


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server that speaks S3, on loopback."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def webdav_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A WebDAV server on loopback, over a folder."""
    from cheroot.wsgi import Server
    from wsgidav.wsgidav_app import WsgiDAVApp

    folder = tmp_path_factory.mktemp("dav")
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": True}},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    server = Server(("127.0.0.1", 0), app)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}"
    server.stop()
    thread.join()


@pytest.fixture
def make_s3(s3_endpoint: str) -> StorageMaker:
    """Storages in buckets of their own."""

    def make() -> Storage:
        bucket = f"bucket-{next(NUMBERS)}"
        urllib.request.urlopen(
            urllib.request.Request(f"{s3_endpoint}/{bucket}", method="PUT")
        ).close()
        return ObjectStorage.from_url(
            f"s3://{bucket}/some/prefix",
            partial_commits=True,
            endpoint=s3_endpoint,
            region="us-east-1",
            access_key_id="x",
            secret_access_key="y",
            client_options={"allow_http": True},
        )

    return make


@pytest.fixture
def make_webdav(webdav_url: str) -> StorageMaker:
    """Storages in folders of their own."""

    def make() -> Storage:
        folder = f"tree-{next(NUMBERS)}"
        urllib.request.urlopen(
            urllib.request.Request(f"{webdav_url}/{folder}", method="MKCOL")
        ).close()
        return HttpStorage(f"{webdav_url}/{folder}", partial_commits=True)

    return make


@pytest.fixture
def make_files(tmp_path: Path) -> StorageMaker:
    """Storages in folders of their own."""
    numbers = itertools.count()
    return lambda: FilesystemStorage(tmp_path / f"tree-{next(numbers)}", durability="process")


@pytest.fixture
def make_sqlite(tmp_path: Path) -> Iterator[StorageMaker]:
    """Storages in files of their own."""
    made: list[SqliteStorage] = []

    def make() -> Storage:
        made.append(SqliteStorage(tmp_path / f"tree-{len(made)}.db", durability="process"))
        return made[-1]

    yield make
    for storage in made:
        storage.close()


@pytest.fixture
def make_memory() -> StorageMaker:
    """Storages in memory."""
    return MemoryStorage


@pytest.fixture(params=KINDS)
def make_storage(request: pytest.FixtureRequest) -> StorageMaker:
    """Storages of each kind in turn."""
    maker: StorageMaker = request.getfixturevalue(f"make_{request.param}")
    return maker
