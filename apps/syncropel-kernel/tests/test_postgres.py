"""The store on a real PostgreSQL: the suite of all stores, and what only a shared one can do."""

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from syncropel import StoreCorruptError, StoreUnavailableError
from syncropel.kernel import Ingested, Kernel, Selection
from syncropel.testing import Offer, StoreAcceptance, check_offer, offers
from syncropel_kernel.app import app
from syncropel_kernel.postgres import PostgresStore

from .cluster import Cluster, running_cluster
from .serving import Stream, record, serving

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def shared(cluster: Cluster) -> Iterator[PostgresStore]:
    """One store for tests that empty it themselves: making a database takes its time."""
    store = PostgresStore(cluster.database("shared"))
    yield store
    store.close()


@pytest.fixture
def store(shared: PostgresStore) -> PostgresStore:
    empty(shared)
    return shared


def empty(store: PostgresStore) -> None:
    tables = "records", "refs", "threads", "clocks", "moments", "notes"
    for each in tables:  # quicker than TRUNCATE, which makes new files
        store._connections.here().execute(f"DELETE FROM syncropel_{each}".encode())


@pytest.fixture
def dsn(cluster: Cluster) -> str:
    return cluster.database(f"own{next(NUMBERS)}")


class TestPostgres(StoreAcceptance):
    """`store` is the fixture above."""


@pytest.mark.parametrize("offer", [pytest.param(offer, id=offer.name) for offer in offers()])
def test_vectors_on_postgres(offer: Offer, store: PostgresStore) -> None:
    """A kernel on PostgreSQL stores exactly the valid records, and reads them back."""
    check_offer(Kernel(store), offer)


def test_every_character_has_a_place(store: PostgresStore) -> None:
    """Zero characters, long words and long names are stored and found, like everything else."""
    word = "w" * 5_000
    name = "é\x00" * 2_000
    made = record(1, thread=name, actor=f"did:{name}", body={"a\x00": f"\x00 {word}",
                  "_refs": [{"id": "r\x00"}]})  # fmt: skip
    outcome = Kernel(store).ingest(made)
    assert isinstance(outcome, Ingested)
    assert list(store.scan(Selection(thread=name, ref="r\x00"))) == [outcome.record]
    assert store.containing([word], Selection(), limit=5) == [outcome.record]
    assert [state.thread for state in store.threads()] == [name]


def test_two_kernels_take_turns(dsn: str) -> None:
    """Writers of two kernels on one database never give one sequence, or one clock, twice."""
    one, other = PostgresStore(dsn), PostgresStore(dsn)
    try:

        def write(store: PostgresStore, actor: str) -> None:
            kernel = Kernel(store)
            for n in range(25):
                kernel.ingest_many([record(n, actor=actor), record(n, thread="shared")])

        threads = [
            threading.Thread(target=write, args=each)
            for each in ((one, "did:one"), (other, "did:other"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        records = list(one.scan(Selection()))
        assert records == list(other.scan(Selection()))
        assert [each["sequence"] for each in records] == list(range(1, 76))
    finally:
        one.close()
        other.close()


def test_two_servers_share_threads_live(dsn: str) -> None:
    """What one server stores, a watcher of the other hears; keys and threads are one."""
    with (
        serving(None, "--postgres", dsn) as one,
        serving(None, "--postgres", dsn) as other,
        Stream(other, "t") as stream,
        one.http() as http,
        other.http() as there,
    ):
        for n in range(20):
            assert http.post("/v1/records", json=record(n)).status_code == 201
        told = stream.take(20, of="record.created", within=30)
        assert [each["data"]["record"]["clock"] for each in told] == list(range(20))
        assert there.post("/v1/records", json=record(3)).json()["status"] == "known"
        assert there.get("/v1/threads").json() == http.get("/v1/threads").json()
        assert there.get("/health").json() == {
            "status": "ok", "store": "postgresql", "records": 20,
        }  # fmt: skip


def test_following_skips_what_is_our_own(dsn: str) -> None:
    """A store hears of others' threads, not of its own, and of everything after a gap."""
    one, other = PostgresStore(dsn), PostgresStore(dsn)

    async def scenario() -> list:
        heard = []
        following = one.follow()
        heard.append(await anext(following))
        await asyncio.to_thread(Kernel(one).ingest, record(1))
        await asyncio.to_thread(Kernel(other).ingest, record(1, thread="é\x00"))
        heard.append(await anext(following))
        many = [record(n, thread=f"{n}" * 1_000) for n in range(10, 20)]
        await asyncio.to_thread(Kernel(other).ingest_many, many)
        heard.append(await anext(following))
        await following.aclose()  # type: ignore[attr-defined]
        return heard

    try:
        assert asyncio.run(scenario()) == [None, ["é\x00"], None]
    finally:
        one.close()
        other.close()


def test_a_connection_that_broke_is_made_anew(dsn: str) -> None:
    """The call at hand fails as unavailable, the next one works, and nothing is half there."""
    store = PostgresStore(dsn)
    try:
        kernel = Kernel(store)
        kernel.ingest(record(1))
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(StoreUnavailableError):
            store.count()
        assert store.count() == 1
        assert isinstance(kernel.ingest(record(2)), Ingested)
    finally:
        store.close()


def test_tables_of_a_later_version_are_left_alone(dsn: str) -> None:
    """A program that is too old says so."""
    PostgresStore(dsn).close()
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("UPDATE syncropel_version SET version = 99")
    with pytest.raises(StoreCorruptError, match="version 99"):
        PostgresStore(dsn)


@pytest.mark.parametrize("nowhere", ["postgresql://nobody@127.0.0.1:1/x", "nonsense", "x=y"])
def test_no_database_is_one_line(nowhere: str) -> None:
    """Exit code 2 and what psycopg says, whatever the DSN is."""
    done = CliRunner().invoke(app, ["serve", "--postgres", nowhere])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: PostgreSQL: ")
    assert len(done.stderr.splitlines()) == 1


def test_moving_from_sqlite_to_postgres(dsn: str, tmp_path: Path) -> None:
    """Export from one, import into the other, verify: the same records."""
    db, file = tmp_path / "store.db", tmp_path / "all.jsonl"
    file.write_text("\n".join(json.dumps(record(n)) for n in range(30)))

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(app, [str(each) for each in arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    run("import", file, "--db", db)
    run("export", file, "--db", db)
    assert run("import", file, "--postgres", dsn) == "30 created, 0 known, 0 refused\n"
    run("verify", "--postgres", dsn)
    key = run("keys", "create", "did:a", "--postgres", dsn)
    assert key.startswith("syk_")


def test_without_psycopg_the_way_is_said(tmp_path: Path) -> None:
    """The error is the command that installs the extra."""
    (tmp_path / "psycopg.py").write_text("raise ImportError('absent')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from syncropel_kernel.app import app; app(['serve', '--postgres', 'x=y'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'syncropel-kernel[postgres]'" in done.stderr
