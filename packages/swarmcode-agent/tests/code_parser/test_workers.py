"""The reading processes: bounded, replaceable, and never fatal."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from swarmcode_agent.code_map import map_folder
from swarmcode_agent.code_parser import TreeSitterParser
from swarmcode_agent.code_parser.workers import Worker, WorkerDiedError, WorkerPool
from swarmcode_agent.errors import AgentError

LONG = b"x" * 2000
LONG_CODE = b"".join(b"def f%d(argument):\n    return other(argument)\n\n" % n for n in range(60))


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


def test_a_machine_that_starts_no_processes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedded Python may have no executable at all."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(AgentError, match=r"cannot start a reading process.*No such file"):
        Worker("unused:unused").call({}, LONG, seconds=1)


def worked() -> float:
    """Return the processor time of this process and of those that it has ended."""
    return sum(os.times()[:4])


# There is input on which one step of a grammar takes minutes, and more with its square.
STUCK = b"/*\n" * 6000 + b"\ndef found(): pass\n" + b"/*\n" * 6000


def test_a_grammar_that_is_stuck_is_ended_and_the_file_read_by_patterns(tmp_path: Path) -> None:
    """It costs a moment, and the other files nothing."""
    (tmp_path / "stuck.py").write_bytes(STUCK)
    (tmp_path / "fine.py").write_text("def fine(): pass\n")
    before = worked()
    built = map_folder(tmp_path, ["stuck.py", "fine.py"])
    assert worked() - before < 10
    assert "def found()" in built.render().text
    assert "def fine()" in built.render().text


def test_a_parser_called_directly_is_never_stuck_either() -> None:
    """The grammar runs where it can be ended; the answer says who read the file and why."""
    parser = TreeSitterParser()
    before = worked()
    symbols = parser.parse(STUCK, "stuck.py")
    assert worked() - before < 10
    assert [each.name for each in symbols.functions] == ["found"]
    assert symbols.parser == "regex"
    assert "took over" in symbols.problems[0]
    assert parser.parse(LONG_CODE, "a.py").parser == "tree-sitter"


def test_guarded_and_unguarded_parsers_say_the_same() -> None:
    """The way through another process changes nothing."""
    guarded, direct = TreeSitterParser(), TreeSitterParser(guarded=False)
    assert guarded.parse(LONG_CODE, "a.py") == direct.parse(LONG_CODE, "a.py")


def test_a_parser_serves_many_threads() -> None:
    """They take turns."""
    parser = TreeSitterParser()
    with ThreadPoolExecutor(4) as threads:
        read = threads.map(lambda n: parser.parse(LONG_CODE, f"m{n}.py"), range(20))
        assert [each.path for each in read] == [f"m{n}.py" for n in range(20)]


def test_a_forked_process_has_a_grammar_of_its_own() -> None:
    """It does not talk on its parent's line."""
    code = f"""
import os
from swarmcode_agent.code_parser import TreeSitterParser
source = {LONG_CODE!r}
parser = TreeSitterParser()
parser.parse(source, "a.py")
child = os.fork()
if child == 0:
    print("child", len(parser.parse(source, "a.py").functions), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("parent", len(parser.parse(source, "a.py").functions))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["child 60", "parent 60"]
    assert run.stderr == ""


def test_a_call_that_is_interrupted_leaves_no_answer_for_the_next() -> None:
    """Ctrl-C while a file is being read: the next file gets its own symbols."""
    worker = Worker("swarmcode_agent.code_map.folder:read_outline")

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        worker.call({"path": "a.py"}, b"def a(): pass", seconds=30)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            worker.call({"path": "a.py"}, STUCK, seconds=30)
        assert '"b"' in worker.call({"path": "b.py"}, b"def b(): pass", seconds=30)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        worker.close()


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
