"""What only a file can do: outlive processes, fill up, be damaged, be copied, grow older."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from syncropel import StoreCorruptError, StoreError, StoreUnavailableError
from syncropel.kernel import Ingested, Kernel, Refusal, Request, Selection, SqliteStore, answer
from syncropel.kernel.sqlite import schema


def record(clock: int, **changes: object) -> dict:
    made = {"act": "PUT", "actor": "did:a", "body": {"n": clock}, "clock": clock, "thread": "t"}
    return {**made, **changes}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def filled(path: Path, count: int = 10) -> None:
    with closing(SqliteStore(path)) as store:
        Kernel(store).ingest_many([record(n) for n in range(count)])


def test_it_is_there_the_next_time(path: Path) -> None:
    """Closing and opening changes nothing; a store that is closed says so."""
    filled(path)
    store = SqliteStore(path)
    assert [each["clock"] for each in store.scan(Selection())] == list(range(10))
    outcome = Kernel(store).ingest(record(10))
    assert isinstance(outcome, Ingested)
    assert outcome.record["sequence"] == 11
    store.close()
    answered = answer(Kernel(store), Request("GET", "/v1/threads"))
    assert (answered.status, answered.value["code"]) == (503, "STORE_UNAVAILABLE")


def test_the_file_is_its_owners_alone(path: Path) -> None:
    """Nobody else on the machine reads records, not even from the journal."""
    with closing(SqliteStore(path)) as store:
        Kernel(store).ingest(record(1))
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "store.db-wal" in modes


def test_what_is_acknowledged_survives_a_kill(path: Path) -> None:
    """A process killed right after an answer has its records on the disk."""
    code = (
        "import os, signal, sys; from syncropel.kernel import Kernel, SqliteStore\n"
        "kernel = Kernel(SqliteStore(sys.argv[1]))\n"
        "r = {'act': 'PUT', 'actor': 'did:a', 'body': {}, 'thread': 't'}\n"
        "kernel.ingest_many([{**r, 'clock': n} for n in range(5)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    with closing(SqliteStore(path)) as store:
        assert store.count() == 5
        assert store.faults() == []


def test_two_stores_on_one_file_take_turns(path: Path) -> None:
    """Writers of different connections never give one sequence, or one clock, twice."""
    with closing(SqliteStore(path)) as one, closing(SqliteStore(path)) as other:
        before = one.version()

        def write(store: SqliteStore, actor: str) -> None:
            kernel = Kernel(store)
            for n in range(30):
                kernel.ingest_many([record(n, actor=actor), record(n, thread=f"t{n}")])

        threads = [
            threading.Thread(target=write, args=(one, "did:one")),
            threading.Thread(target=write, args=(other, "did:other")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.version() != before
        assert list(one.scan(Selection())) == list(other.scan(Selection()))
        sequences = [each["sequence"] for each in one.scan(Selection())]
        assert sequences == list(range(1, 91))
        assert list(one.threads()) == list(other.threads())


def test_a_full_store_refuses_and_keeps(path: Path) -> None:
    """507 for what does not fit; everything accepted is there, and smaller records still may."""
    with closing(SqliteStore(path, max_bytes=400_000)) as store:
        kernel = Kernel(store)
        accepted, full = [], None
        for n in range(200):
            outcome = kernel.ingest(
                record(n, body={"text": random.Random(n).randbytes(4_000).hex()})
            )
            if isinstance(outcome, Refusal):
                full = outcome
                break
            accepted.append(outcome.record["id"])
        assert full is not None
        assert (full.status, full.code) == (507, "STORE_CEILING_REACHED")
        assert str(path) not in full.message
        known, refused = kernel.ingest_many(
            [record(0, body={"text": random.Random(0).randbytes(4_000).hex()}),
             record(999, body={"text": "x" * 300_000})]
        )  # fmt: skip
        assert isinstance(known, Ingested)
        assert isinstance(refused, Refusal)
        assert [each["id"] for each in store.scan(Selection())] == accepted
        assert store.faults() == []


def test_a_full_disk_is_507(tmp_path: Path) -> None:
    """On a file system that is really full: the documented error, and nothing accepted is lost."""
    if shutil.which("bwrap") is None:
        pytest.skip("needs the system package bubblewrap: apt-get install bubblewrap")
    code = (
        "import sys; from syncropel.kernel import Ingested, Kernel, SqliteStore\n"
        "store = SqliteStore('/full/store.db'); kernel = Kernel(store)\n"
        "r = {'act': 'PUT', 'actor': 'did:a', 'thread': 't'}\n"
        "outcomes = [kernel.ingest({**r, 'clock': n, 'body': {'x': 'y' * 50_000}})"
        " for n in range(100)]\n"
        "kept = [each for each in outcomes if isinstance(each, Ingested)]\n"
        "refused = [each for each in outcomes if not isinstance(each, Ingested)]\n"
        "codes = {(each.status, each.code) for each in refused}\n"
        "assert 0 < len(kept) < 100 and codes == {(507, 'STORE_CEILING_REACHED')}, codes\n"
        "assert all(store.get(each.record['id']) == each.record for each in kept)\n"
        "store.close(); store = SqliteStore('/full/store.db')\n"
        "assert store.count() == len(kept) and store.faults() == []"
    )
    done = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", "--size", str(2 << 20), "--tmpfs", "/full",
         sys.executable, "-c", code],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if "bwrap:" in done.stderr:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b"no database at all" * 100), id="text"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:5_000]), id="cut-off"),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes()[:4_096] + b"\xff" * 60_000), id="pages"
        ),
    ],
)
def test_a_damaged_file_is_one_clear_error(path: Path, damage: object) -> None:
    """Opening or reading it raises StoreCorruptError, which names the file and what to do."""
    filled(path, 300)
    damage(path)  # type: ignore[operator]
    with (
        pytest.raises(StoreCorruptError, match="backup") as caught,
        closing(SqliteStore(path)) as store,
    ):
        list(store.scan(Selection()))
    assert str(path) in str(caught.value)


def test_damage_behind_an_open_store_is_answered(path: Path) -> None:
    """The doors answer 503 STORE_CORRUPT, not a traceback."""
    filled(path, 300)
    path.write_bytes(path.read_bytes()[:8_192] + b"\xff" * 200_000)
    with closing(SqliteStore(path)) as store:
        replies = [
            answer(Kernel(store), Request("GET", "/v1/records")),
            answer(
                Kernel(store), Request("POST", "/v1/records", body=b'{"act":"PUT","actor":"did:a",'
                b'"body":{},"clock":999,"thread":"t"}')
            ),
        ]  # fmt: skip
    assert {(each.status, each.value["code"]) for each in replies} == {(503, "STORE_CORRUPT")}


def test_strangers_files_are_left_alone(path: Path) -> None:
    """Another program's database, or a later version's, is refused and not written to."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreCorruptError, match="another program"):
        SqliteStore(path)
    assert path.read_bytes() == before
    later = path.with_name("later.db")
    filled(later)
    with closing(sqlite3.connect(later)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreCorruptError, match="version 99"):
        SqliteStore(later)


def test_a_place_that_cannot_be_is_unavailable(tmp_path: Path) -> None:
    """A folder, or a path beneath a file, is one clear error."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "store.db"):
        with pytest.raises(StoreUnavailableError) as caught:
            SqliteStore(path)
        assert str(path) in str(caught.value)


def test_an_older_file_becomes_a_newer_one(path: Path) -> None:
    """A file of the first version is brought up to date with its records in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        schema.prepare(db, path=str(path), upto=1)
        db.execute("INSERT INTO threads VALUES (1, 't', 1, 1)")
        db.execute("INSERT INTO names VALUES (1, 'did:a')")
        db.execute(
            "INSERT INTO records VALUES (1, ?, 1, 1, NULL, 0, ?)",
            (b"\0" * 32, '{"id":"' + "00" * 32 + '","sequence":1,"clock":0}'),
        )
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    with closing(SqliteStore(path)) as store:
        assert store.get("00" * 32) == {"id": "00" * 32, "sequence": 1, "clock": 0}
        assert isinstance(Kernel(store).ingest(record(1)), Ingested)
        assert store.sequence_at(2e12) == 2
        store.notes.put("keys", "k", {"a": 1})
        assert store.notes.all("keys") == {"k": {"a": 1}}
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a migration is none: the file can still be read by the version that wrote it."""
    filled(path)
    broken = (*schema.MIGRATIONS, "CREATE TABLE half (x); CREATE TABLE half (x)")
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    monkeypatch.setattr(schema.prepare, "__kwdefaults__", {"upto": len(broken)})
    with pytest.raises(StoreError):
        SqliteStore(path)
    monkeypatch.undo()
    with closing(SqliteStore(path)) as store:
        assert store.count() == 10


def test_a_backup_is_a_whole_store(path: Path, tmp_path: Path) -> None:
    """A copy made while somebody writes is a consistent store of its own moment."""
    with closing(SqliteStore(path)) as store:
        kernel = Kernel(store)
        kernel.ingest_many([record(n) for n in range(100)])
        stop = threading.Event()

        def write() -> None:
            n = 100
            while not stop.is_set():
                kernel.ingest_many([record(n), record(n + 1)])
                n += 2

        writer = threading.Thread(target=write)
        writer.start()
        try:
            copies = [tmp_path / f"copy{n}.db" for n in range(3)]
            for copy in copies:
                store.back_up(copy)
        finally:
            stop.set()
            writer.join()
        counts = []
        for copy in copies:
            with closing(SqliteStore(copy)) as copied:
                counts.append(copied.count())
                assert copied.faults() == []
                assert len(list(copied.scan(Selection()))) == copied.count()
                assert copied.count() % 2 == 0
        assert counts == sorted(counts)
        assert counts[0] >= 100
    assert (copies[0].stat().st_mode & 0o777) == 0o600


def test_a_backup_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    """There is no half a copy, and the store goes on."""
    with closing(SqliteStore(path)) as store:
        Kernel(store).ingest(record(1))
        with pytest.raises(StoreError):
            store.back_up(tmp_path / "no" / "such" / "folder.db")
        assert store.count() == 1
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_checkpoints_bound_the_journal(path: Path) -> None:
    """A checkpoint folds the journal into the file; closing leaves the file alone."""
    with closing(SqliteStore(path)) as store:
        kernel = Kernel(store)
        kernel.ingest_many([record(n) for n in range(500)])
        store.checkpoint()
        journal = path.with_name("store.db-wal")
        size = journal.stat().st_size
        kernel.ingest(record(1_000))
        assert journal.stat().st_size == size  # written from its beginning again
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_every_scan_is_led_by_an_index(path: Path) -> None:
    """However a scan is narrowed, no page of it sorts or reads the whole table."""
    from syncropel.testing._stores import _selections

    filled(path)
    with closing(SqliteStore(path)) as store:
        kernel = Kernel(store)
        body = {"kind": "music.catalog.track", "_refs": [{"id": "日本"}]}
        kernel.ingest(record(77, body=body, thread="music.library", actor="ß"))
        for selection in _selections():
            conditions = store._where(selection)
            if conditions is None:
                continue
            plan = store._rows(
                f"EXPLAIN QUERY PLAN SELECT r.record, r.sequence {conditions.text}"
                f" AND {conditions.sequence} > ? ORDER BY {conditions.sequence} LIMIT ?",
                (*conditions.arguments, 0, 10),
            )
            steps = " | ".join(row[3] for row in plan)
            assert "B-TREE" not in steps, (selection, steps)
            assert "SCAN" not in steps, (selection, steps)
