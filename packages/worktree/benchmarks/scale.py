"""How worktree scales: 10,000 artifacts, against the floor of plain reads and writes.

    python benchmarks/scale.py [--count 10000] [--rounds 5] [--folder /dev/shm]

Prints CPU time (best of the rounds) and ratios of one run. The floors do the least that a
program without worktree would: read and parse every file; serialise and write every file.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, Field

from worktree import Worktree, mount
from worktree.artifacts import Json
from worktree.storage import FilesystemStorage
from worktree.storage.sqlite import SqliteStorage


class Plain(BaseModel):
    name: str = ""
    number: int = 0
    tags: list[str] = Field(default_factory=list)


class Item(Json):
    name: str = ""
    number: int = 0
    tags: list[str] = Field(default_factory=list)


class Tree(Worktree):
    items: dict[str, Item]


class CountingStorage(FilesystemStorage):
    applied = 0

    def apply(self, changes, expected):  # type: ignore[no-untyped-def]
        CountingStorage.applied += 1
        return super().apply(changes, expected)


def best(rounds: int, work: Callable[[], object]) -> float:
    """The least CPU time of several rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default="/dev/shm")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        measure(folder, options.count, options.rounds)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, count: int, rounds: int) -> None:
    def dirty(tree: Tree) -> None:
        for item in tree.items.values():
            item.number += 1

    def floor_write() -> None:
        for name, model in models.items():
            with open(plain / f"{name}.json", "wb") as file:  # noqa: PTH123 — the floor.
                file.write(model.model_dump_json().encode())

    def floor_read() -> None:
        for name in models:
            with open(plain / f"{name}.json", "rb") as file:  # noqa: PTH123 — the floor.
                Plain.model_validate_json(file.read())

    plain = folder / "plain"
    plain.mkdir()
    models = {
        f"item{i:05}": Plain(name=f"name {i}", number=i, tags=["a", "b"]) for i in range(count)
    }
    floor_write()
    initial = {"items": {name: model.model_dump() for name, model in models.items()}}
    files = folder / "files"
    storage = CountingStorage(files)
    mount(Tree, storage, initial=initial)
    time.sleep(0.3)

    write_floor, read_floor = best(rounds, floor_write), best(rounds, floor_read)
    warm = best(rounds, lambda: mount(Tree, files))
    tree = mount(Tree, storage)

    def one() -> None:
        tree.items["item00007"].number += 1
        tree.commit()

    one_dirty = best(rounds, one)
    CountingStorage.applied = 0
    no_op = best(rounds, tree.commit)
    writes = CountingStorage.applied

    def all_of(tree: Tree) -> float:
        times = []
        for _ in range(rounds):
            tree.sync()
            time.sleep(0.2)
            tree.sync()
            dirty(tree)
            times.append(best(1, tree.commit))
        return min(times)

    all_dirty = all_of(tree)
    small = mount(Tree, SqliteStorage(folder / "tree.db"), initial=initial)
    sqlite_all = all_of(small)
    print(f"{count} artifacts in {folder.parent}, CPU time, best of {rounds}")
    print(f"floor, read and parse      {read_floor:8.1f} ms")
    print(f"warm mount                 {warm:8.1f} ms   {warm / read_floor:.2f} × the floor")
    print(f"commit, one dirty          {one_dirty:8.1f} ms")
    print(f"commit, nothing dirty      {no_op:8.1f} ms   {writes} writes")
    print(f"floor, write every file    {write_floor:8.1f} ms")
    ratio = all_dirty / write_floor
    print(f"commit, all dirty          {all_dirty:8.1f} ms   {ratio:.2f} × the floor")
    print(f"commit, all dirty, SQLite  {sqlite_all:8.1f} ms")


if __name__ == "__main__":
    main()
