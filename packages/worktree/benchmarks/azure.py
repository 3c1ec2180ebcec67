"""Run the acceptance suite of drivers on Azure Blob Storage, as Azurite serves it.

    npm install azurite
    npx azurite-blob --inMemoryPersistence --skipApiVersionCheck &
    python benchmarks/azure.py [--endpoint http://127.0.0.1:10000]

Azurite is the emulator that Microsoft publishes; it is no Python package, so the tests do
without it. The account and its key are the ones that every Azurite has.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import hmac
import itertools
import sys
import urllib.request

from worktree import Worktree, errors, mount
from worktree.artifacts import Json, Log
from worktree.storage import Storage
from worktree.storage.objectstore import ObjectStorage
from worktree.testing.acceptance import StorageAcceptance, expect_raises

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Counter(Json):
    number: int = 0


class Tree(Worktree):
    counter: Counter
    members: dict[str, Counter]
    log: Log[int]


class Azure(StorageAcceptance):
    """Each storage has a container of its own."""

    numbers = itertools.count()

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def make_storage(self) -> Storage:
        container = f"tree-{next(self.numbers)}-{dt.datetime.now(dt.UTC):%H%M%S%f}"
        make_container(self.endpoint, container)
        return ObjectStorage.from_url(
            f"az://{container}/some/prefix",
            partial_commits=True,
            account_name=ACCOUNT,
            account_key=KEY,
            endpoint=f"{self.endpoint}/{ACCOUNT}",
            client_options={"allow_http": True},
        )

    def test_a_tree(self) -> None:
        """Mounts, commits, conflicts, and merges its log."""
        storage = self.make_storage()
        one, two = mount(Tree, storage), mount(Tree, storage)
        one.counter.number = 1
        one.members["ü"] = Counter(number=2)
        one.log.append(1)
        one.commit()
        two.log.append(2)
        two.commit()
        two.counter.number = 5
        expect_raises(errors.ConflictError, "both sides changed the counter", two.commit)
        back = mount(Tree, storage)
        assert (back.counter.number, back.members["ü"].number, list(back.log)) == (1, 2, [1, 2])


def make_container(endpoint: str, name: str) -> None:
    """Create a container, with the signature that Azure asks for."""
    date = dt.datetime.now(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = f"x-ms-date:{date}\nx-ms-version:2021-08-06\n"
    resource = f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    signed = hmac.new(
        base64.b64decode(KEY), ("PUT" + "\n" * 12 + headers + resource).encode(), hashlib.sha256
    )
    signature = base64.b64encode(signed.digest()).decode()
    request = urllib.request.Request(
        f"{endpoint}/{ACCOUNT}/{name}?restype=container",
        method="PUT",
        headers={
            "x-ms-date": date,
            "x-ms-version": "2021-08-06",
            "Content-Length": "0",
            "Authorization": f"SharedKey {ACCOUNT}:{signature}",
        },
    )
    urllib.request.urlopen(request, timeout=10).close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", default="http://127.0.0.1:10000")
    suite = Azure(parser.parse_args().endpoint)
    failed = 0
    for name in (name for name in dir(suite) if name.startswith("test_")):
        try:
            getattr(suite, name)()
        except Exception as error:  # noqa: BLE001 — whatever it is, the others are still run.
            failed += 1
            print(f"failed  {name}: {type(error).__name__}: {error}")
        else:
            print(f"passed  {name}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
