"""The reading processes: bounded, replaceable, and never fatal."""

import time
from pathlib import Path
from typing import Any

import pytest

from swarmcode_agent.code_map import map_folder
from swarmcode_agent.code_parser.workers import Worker, WorkerDiedError, WorkerPool
from swarmcode_agent.errors import AgentError

LONG = b"x" * 2000


def test_a_worker_that_dies_loses_one_file_and_another_takes_its_place() -> None:
    """The death is told, and the next call works."""
    worker = Worker("swarmcode_agent.code_map.folder:read_outline")
    try:
        assert '"f"' in worker.call({"path": "a.py"}, b"def f(): pass", seconds=30)
        process = worker._process
        assert process is not None
        process.kill()
        process.wait()
        with pytest.raises(WorkerDiedError, match="ended with status"):
            worker.call({"path": "a.py"}, b"def f(): pass", seconds=30)
        assert '"g"' in worker.call({"path": "a.py"}, b"def g(): pass", seconds=30)
    finally:
        worker.close()


def test_a_worker_that_cannot_start_is_an_error_not_a_thousand_dead_processes() -> None:
    """Something is wrong with the installation, and not with the file."""
    with (
        WorkerPool("no_such_module:read", jobs=2) as pool,
        pytest.raises(AgentError, match="cannot start a reading process"),
    ):
        pool.call({}, LONG)


def test_a_grammar_that_is_stuck_is_ended_and_the_file_read_by_patterns(tmp_path: Path) -> None:
    """There is input on which one step of a grammar takes minutes: it costs seconds here."""
    (tmp_path / "stuck.py").write_bytes(b"/*\n" * 3000 + b"\ndef found(): pass\n" + b"/*\n" * 3000)
    (tmp_path / "fine.py").write_text("def fine(): pass\n")
    began = time.monotonic()
    built = map_folder(tmp_path, ["stuck.py", "fine.py"])
    assert time.monotonic() - began < 30
    assert "def found()" in built.render().text
    assert "def fine()" in built.render().text


def test_map_keeps_a_window_of_items_in_flight() -> None:
    """However many items there are, only a few are taken ahead of what is done."""
    taken: list[int] = []

    def items() -> Any:
        for number in range(200):
            taken.append(number)
            yield number

    with WorkerPool("unused:unused", jobs=2) as pool:
        results = pool.map(lambda number: number * 2, items())
        for done, (number, double) in enumerate(results, start=1):
            assert double == number * 2
            assert len(taken) - done <= 8
    assert done == 200


def test_what_lies_in_the_current_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository with a json.py of its own runs no code in our processes."""
    (tmp_path / "json.py").write_text("import os; os.mkdir('run')\n")
    monkeypatch.chdir(tmp_path)
    worker = Worker("swarmcode_agent.code_map.folder:read_outline")
    try:
        assert worker.call({"path": "a.py"}, b"def f(): pass", seconds=30)
    finally:
        worker.close()
    assert [each.name for each in tmp_path.iterdir()] == ["json.py"]
