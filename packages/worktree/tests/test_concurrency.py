"""Many at once: no increment is lost, and no lock outlives its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from worktree import Worktree, errors, mount
from worktree.artifacts import Json
from worktree.storage import FilesystemStorage, Put

from .drivers import driver

increments = driver("increments")


@pytest.mark.parametrize("where", ["{}/tree", "sqlite:{}/tree.db"], ids=["files", "sqlite"])
@pytest.mark.parametrize("work", ["by_processes", "by_threads"])
def test_increments_add_up(tmp_path: Path, where: str, work: str) -> None:
    """8 workers count to exactly the sum of what they added."""
    assert getattr(increments, work)(where.format(tmp_path), 8, 25) == 200


class Item(Json):
    number: int = 0


class Tree(Worktree):
    item: Item


def test_models_are_validated_by_threads_at_once(tmp_path: Path) -> None:
    """Loading in many threads mixes nothing up."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(10):
                folder = tmp_path / str(number)
                tree = mount(Tree, folder, initial={"item": {"number": number}})
                assert tree.item.number == number
        except BaseException as error:  # noqa: BLE001 — told by the main thread.
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


HOLDER = """
import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def test_the_lock_of_a_killed_process_does_not_block(tmp_path: Path) -> None:
    """The kernel lets go of it."""
    mount(Tree, tmp_path)
    with hold(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    tree = mount(Tree, FilesystemStorage(tmp_path, lock_timeout=1))
    tree.item.number = 1
    tree.commit()


def test_a_lock_that_is_held_is_waited_for_and_then_reported(tmp_path: Path) -> None:
    """With the time waited, and what to do."""
    mount(Tree, tmp_path)
    with hold(tmp_path) as process:
        try:
            with pytest.raises(errors.LockTimeoutError, match=r"more than 0\.2 s"):
                FilesystemStorage(tmp_path, lock_timeout=0.2).apply([Put("x", b"")], {})
        finally:
            process.kill()
            process.wait()
