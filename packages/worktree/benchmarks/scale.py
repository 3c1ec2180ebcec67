"""How worktree scales: 10,000 artifacts, against the floor of plain reads and writes.

    python benchmarks/scale.py [--count 10000] [--rounds 5] [--folder /dev/shm]

Prints CPU and wall time (best of the rounds), and ratios of one run. The floors do the least that
a program without worktree would: read and parse every file; serialise and write every file.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, Field

from worktree import Worktree, mount
from worktree.artifacts import Json
from worktree.storage import FilesystemStorage, Storage
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


class Time(NamedTuple):
    """What some work took, in milliseconds. On a busy machine, or a slow disk, the wall differs."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:8.1f} ms{self.wall:10.1f} ms"


def best(rounds: int, work: Callable[[], object], prepare: Callable[[], object] = int) -> Time:
    """The least CPU time, and the least wall time, of several rounds."""
    times = []
    for _ in range(rounds):
        prepare()
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return Time(*(min(column) * 1000 for column in zip(*times, strict=True)))


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
    def floor_write(*, sync: bool = False) -> None:
        for name, model in models.items():
            with open(plain / f"{name}.json", "wb") as file:  # noqa: PTH123 — the floor.
                file.write(model.model_dump_json().encode())
                if sync:
                    file.flush()
                    os.fsync(file.fileno())

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
    sync_floor = best(rounds, lambda: floor_write(sync=True))
    warm = best(rounds, lambda: mount(Tree, files))
    tree = mount(Tree, storage)

    def one() -> None:
        tree.items["item00007"].number += 1
        tree.commit()

    one_dirty = best(rounds, one)
    CountingStorage.applied = 0
    no_op = best(rounds, tree.commit)
    writes = CountingStorage.applied

    def all_dirty(storage: Storage) -> Time:
        tree = mount(Tree, storage, initial=initial)

        def settle_and_change() -> None:
            tree.sync()
            time.sleep(0.2)
            tree.sync()
            for item in tree.items.values():
                item.number += 1

        return best(rounds, tree.commit, settle_and_change)

    durable = all_dirty(storage)
    lasting = all_dirty(FilesystemStorage(folder / "process", durability="process"))
    sqlite = all_dirty(SqliteStorage(folder / "tree.db"))
    print(f"{count} artifacts in {folder.parent}, best of {rounds}          CPU         wall")
    print(f"floor, read and parse       {read_floor}")
    print(f"warm mount                  {warm}  {over(warm, read_floor)}")
    print(f"commit, one dirty           {one_dirty}")
    print(f"commit, nothing dirty       {no_op}   {writes} writes")
    print(f"floor, write every file     {write_floor}")
    print(f"floor, and wait for the disk{sync_floor}")
    print(f"commit, all dirty, process  {lasting}  {over(lasting, write_floor)}")
    print(f"commit, all dirty, power    {durable}  {over(durable, write_floor)}")
    print(f"commit, all dirty, SQLite   {sqlite}")


def over(time: Time, floor: Time) -> str:
    return f"{time.cpu / floor.cpu:5.2f} ×{time.wall / floor.wall:7.2f} × the floor"


if __name__ == "__main__":
    main()
