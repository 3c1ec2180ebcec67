"""Watching: exact changes, one rebuild for a burst, never its own output."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swop import SwopConfig, WatchEngine, WatchRebuild, rebuild_once
from swop.scan.walk import walk, with_renewed

from .projects import project

COMMAND = "from swop import command\n@command('{}')\nclass {}:\n    number: int\n"


@pytest.fixture
def config(tmp_path: Path) -> SwopConfig:
    return project(
        tmp_path,
        {
            "src/a/x.py": COMMAND.format("a", "MakeA"),
            "src/b/x.py": COMMAND.format("b", "MakeB"),
            "src/plain.py": "x = 1\n",
        },
        "source_roots: [src]\n",
    )


@contextmanager
def running(engine: WatchEngine) -> Iterator[list[WatchRebuild]]:
    """An engine at work in a thread of its own."""
    seen: list[WatchRebuild] = []
    stop = threading.Event()
    engine.rebuild()
    worker = threading.Thread(
        target=engine.run, kwargs={"on_rebuild": seen.append, "stop_event": stop.is_set}
    )
    worker.start()
    time.sleep(0.5)
    try:
        yield seen
    finally:
        stop.set()
        worker.join(timeout=20)
        assert not worker.is_alive()


def eventually(condition: Callable[[], object]) -> None:
    """Wait until something holds; the time is bounded."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "polling", [pytest.param(True, id="poll"), pytest.param(False, id="notify")]
)
def test_an_edit_is_rebuilt_and_named(config: SwopConfig, polling: bool) -> None:
    """Exactly the changed file is named, exactly its context is written, and then it is quiet."""
    if not polling:
        pytest.importorskip("watchfiles")
    engine = WatchEngine(config, interval=0.05, debounce=0.1, polling=polling)
    edited = config.project_root / "src/a/x.py"
    with running(engine) as seen:
        edited.write_text(COMMAND.format("a", "RemakeA"))
        eventually(lambda: seen)
        time.sleep(0.6)
    [rebuild] = seen
    assert rebuild.changed_files == [edited]
    assert [item.path.parent.name for item in rebuild.manifests.written] == ["a"]
    assert "RemakeA" in (config.manifests_path / "a/commands.yml").read_text()


def test_a_burst_is_one_rebuild(config: SwopConfig) -> None:
    """Creation, change and deletion within the debounce are told together."""
    engine = WatchEngine(config, interval=0.05, debounce=0.4, polling=True)
    root = config.project_root / "src"
    with running(engine) as seen:
        (root / "new.py").write_text("")
        time.sleep(0.1)
        (root / "a/x.py").write_text(COMMAND.format("a", "Other"))
        time.sleep(0.1)
        (root / "b/x.py").unlink()
        eventually(lambda: seen)
        time.sleep(1)
    [rebuild] = seen
    assert rebuild.changed_files == [root / "a/x.py", root / "b/x.py", root / "new.py"]
    assert not (config.manifests_path / "b").exists()


def test_poll_once_looks_first(config: SwopConfig) -> None:
    """The first call remembers, a quiet call says nothing, a change is rebuilt."""
    engine = WatchEngine(config, debounce=0)
    assert engine.poll_once() is None
    assert engine.poll_once() is None
    path = config.project_root / "src/plain.py"
    path.write_text("x = 2\n")
    rebuild = engine.poll_once()
    assert rebuild is not None
    assert rebuild.changed_files == [path]
    assert engine.poll_once() is None
    assert path in engine.snapshot()


def test_run_can_stop_after_the_first(config: SwopConfig) -> None:
    """`stop_after_first_rebuild` ends by itself."""
    engine = WatchEngine(config, interval=0.05, debounce=0, polling=True)
    engine.poll_once()
    path = config.project_root / "src/plain.py"
    path.write_text("x = 3\n")
    seen: list[WatchRebuild] = []
    engine.run(on_rebuild=seen.append, stop_after_first_rebuild=True)
    assert [item.changed_files for item in seen] == [[path]]


def test_rebuild_once(config: SwopConfig) -> None:
    """One shot, for CI: incremental or not, the manifests are the same."""
    first = rebuild_once(config, incremental=False, changed_files=[Path("x.py")])
    assert len(first.manifests.written) == 6
    assert not (config.state_path / "cache").exists()
    again = rebuild_once(config)
    assert again.manifests.written == []
    assert first.changed_files == [Path("x.py")]
    assert "[WATCH] rebuilt" in again.format()


def test_a_file_that_stops_parsing_is_told(config: SwopConfig) -> None:
    """Watching goes on; the line says where."""
    engine = WatchEngine(config, debounce=0)
    engine.poll_once()
    (config.project_root / "src/a/x.py").write_text("def broken(:\n")
    rebuild = engine.poll_once()
    assert rebuild is not None
    assert rebuild.report.errors[0].startswith("src/a/x.py:1: ")


def test_only_the_named_files_are_looked_at(config: SwopConfig) -> None:
    """Where plain known files were named, the outcome is that of a walk; else it says so."""
    before = walk(config)
    root = config.project_root / "src"
    edited = root / "a/x.py"
    edited.write_text("x = 1  # longer than before, with another stamp\n" * 9)
    assert with_renewed(before, frozenset({str(edited)})) == walk(config)
    assert with_renewed(before, frozenset({str(root / "new.py")})) is None
    edited.unlink()
    assert with_renewed(before, frozenset({str(edited)})) is None
    edited.symlink_to(root / "plain.py")
    assert with_renewed(before, frozenset({str(edited)})) is None


def test_a_changed_configuration_is_taken_on(config: SwopConfig) -> None:
    """New source roots count at once; a broken file is one line, and the old one stays."""
    assert config.config_path is not None
    engine = WatchEngine(config, interval=0.05, debounce=0.05)
    (config.project_root / "more").mkdir()
    (config.project_root / "more/y.py").write_text(COMMAND.format("c", "MakeC"))
    with running(engine) as seen:
        config.config_path.write_text("version: 1\nsource_roots: [src, more]\n")
        eventually((config.manifests_path / "c/commands.yml").exists)
        config.config_path.write_text("source_roots: {no: list}\n")
        eventually(lambda: any(item.report.errors for item in seen))
        (config.project_root / "more/y.py").write_text(COMMAND.format("c", "RemakeC"))
        eventually(lambda: "RemakeC" in (config.manifests_path / "c/commands.yml").read_text())
    [told] = [item for item in seen if item.report.errors]
    assert "source_roots" in told.report.errors[0]
    assert told.changed_files == seen[0].changed_files == [config.config_path]
