"""Count with several processes, or threads, at once; no increment may be lost.

python benchmarks/increments.py [--workers 8] [--increments 1000] [--folder /dev/shm]
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import threading
import time
from pathlib import Path

from worktree import Worktree, mount, transaction
from worktree.artifacts import Json


class Counter(Json):
    number: int = 0


class Tree(Worktree):
    counter: Counter


def count(where: str, increments: int) -> None:
    tree = mount(Tree, where, durability="process")
    for _ in range(increments):
        for attempt in transaction(tree, attempts=10_000):
            with attempt:
                tree.counter.number += 1


def by_processes(where: str, workers: int, increments: int) -> int:
    """Count with processes; what the counter holds in the end."""
    mount(Tree, where, durability="process")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=count, args=(where, increments)) for _ in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return mount(Tree, where).counter.number


def by_threads(where: str, workers: int, increments: int) -> int:
    """Count with threads; what the counter holds in the end."""
    mount(Tree, where, durability="process")
    threads = [threading.Thread(target=count, args=(where, increments)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return mount(Tree, where).counter.number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--increments", type=int, default=1000)
    parser.add_argument("--folder", default="/dev/shm")
    options = parser.parse_args()
    wanted, right = options.workers * options.increments, True
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for label, work, where in (
            ("processes on files", by_processes, str(Path(folder) / "p")),
            ("threads on files", by_threads, str(Path(folder) / "t")),
            ("processes on SQLite", by_processes, f"sqlite:{folder}/p.db"),
            ("threads on SQLite", by_threads, f"sqlite:{folder}/t.db"),
        ):
            start = time.perf_counter()
            found = work(where, options.workers, options.increments)
            seconds = time.perf_counter() - start
            right = right and found == wanted
            print(f"{options.workers} {label}: {found} of {wanted} in {seconds:.1f} s")
    sys.exit(not right)


if __name__ == "__main__":
    main()
