"""Killed, interrupted, held: no half snapshot, and nothing is learned twice."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from swarmcode_agent.errors import IngestBusyError, OutputError
from swarmcode_agent.ingest import Progress

from .conftest import Ingest, Repository

BIG = "def f(a, b):\n    return a + b\n\n\n" * 30

RUN = """
import sys
from swarmcode_agent.ingest import IngestConfig, RepositoryIngester
RepositoryIngester(IngestConfig(source=sys.argv[1], output_dir=sys.argv[2]),
                   on_progress=lambda each: print(each.stage, each.done, flush=True)).ingest()
"""


@pytest.fixture
def large(repository: Repository) -> Repository:
    repository.commit(files={f"pkg/m{n}.py": BIG + f"\ndef g{n}(): pass\n" for n in range(160)})
    return repository


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_stopped_ingest_leaves_no_snapshot_and_is_taken_up_again(
    large: Repository, ingest: Ingest, tmp_path: Path, how: signal.Signals
) -> None:
    """What was worked out before it was stopped is not worked out again."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(large.path), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("read ") and int(line.split()[1]) >= 110:
            process.send_signal(how)
            break
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not list(out.glob("shop_*"))
    if how == signal.SIGINT:
        assert not (out / ".partial").exists()

    with closing(sqlite3.connect(out / ".cache" / "facts.sqlite")) as cache:
        (known,) = cache.execute("SELECT count(*) FROM facts").fetchone()
    assert known >= 100
    result = ingest(large.path)
    assert result.file_count == 160
    assert not (out / ".partial").exists()


def test_a_progress_that_raises_stops_it_cleanly(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """Whatever stops it from within: nothing half-written is left."""
    repository.commit(files={"a.py": "x = 1\n"})

    def stop(progress: Progress) -> None:
        if progress.stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(repository.path, on_progress=stop)
    assert [each.name for each in (tmp_path / "out").iterdir()] == [".cache"]


def test_two_writers_do_not_meet(repository: Repository, ingest: Ingest, tmp_path: Path) -> None:
    """The second one is told; the lock is gone with whoever held it."""
    import fcntl

    repository.commit(files={"a.py": "x = 1\n"})
    (tmp_path / "out" / ".cache").mkdir(parents=True)
    lock = os.open(tmp_path / "out" / ".cache" / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(IngestBusyError, match="another ingest"):
        ingest(repository.path)
    os.close(lock)
    assert ingest(repository.path).file_count == 1


def test_a_cache_that_is_no_cache_is_an_error(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """It is named, with what to do."""
    repository.commit(files={"a.py": "x = 1\n"})
    (tmp_path / "out" / ".cache").mkdir(parents=True)
    (tmp_path / "out" / ".cache" / "facts.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(OutputError, match="delete it"):
        ingest(repository.path)


def test_a_deleted_cache_costs_time_alone(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """The map is the same without it."""
    import shutil

    repository.commit(files={"a.py": "def a(): pass\n"})
    first = ingest(repository.path)
    before = first.code_map_path.read_bytes()
    shutil.rmtree(tmp_path / "out")
    began = time.monotonic()
    again = ingest(repository.path)
    assert again.code_map_path.read_bytes() == before
    assert time.monotonic() - began < 60
