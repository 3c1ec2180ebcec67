"""Kill a process while it commits, again and again, at random moments.

    python benchmarks/kills.py [--kills 10000] [--artifacts 4] [--folder /dev/shm]

A child commits trees whose artifacts all hold the same number, and says which number it has
committed. It is ended with SIGKILL; then the tree is mounted, and must hold one number in all
its artifacts, not lower than the last one that was confirmed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from worktree import LayoutAnchor, Worktree, mount
from worktree.artifacts import Json, Log


class Number(Json):
    number: int = 0
    padding: str = ""


class Folder(LayoutAnchor):
    inner: Number
    log: Log[int]


class Tree(Worktree):
    first: Number
    folder: Folder
    members: dict[str, Number]
    maybe: Number | None


class Outcome:
    """What was seen after one kill."""

    def __init__(self, confirmed: int, found: list[int]) -> None:
        self.confirmed = confirmed
        self.found = found

    @property
    def is_mixed(self) -> bool:
        return len(set(self.found)) != 1

    @property
    def is_lost(self) -> bool:
        return min(self.found) < self.confirmed


def set_all(tree: Tree, number: int, artifacts: int) -> None:
    """Give every artifact the same number; some come and go."""
    padding = "x" * (number % 5000)
    tree.first.number, tree.first.padding = number, padding
    tree.folder.inner.number = number
    tree.folder.log.append(number)
    tree.members.clear()
    for index in range(artifacts):
        tree.members[f"m{index + number % 2}"] = Number(number=number, padding=padding)
    tree.maybe = Number(number=number) if number % 3 else None


def numbers_in(tree: Tree) -> list[int]:
    """The number that each artifact holds; the log must have counted up to it."""
    log = list(tree.folder.log)
    if log != list(range(1, len(log) + 1)):
        return [-1, -2]
    found = [tree.first.number, tree.folder.inner.number, len(log)]
    found += [member.number for member in tree.members.values()]
    if tree.maybe is not None:
        found.append(tree.maybe.number)
    return found


def commit_forever(folder: Path, artifacts: int, pipe: int) -> None:
    tree = mount(Tree, folder, durability="process")
    number = tree.first.number
    while True:
        number += 1
        set_all(tree, number, artifacts)
        tree.commit()
        os.write(pipe, struct.pack("q", number))


def kill_once(folder: Path, artifacts: int, rng: random.Random) -> Outcome:
    """Let a child commit, kill it, and look at what it left."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            commit_forever(folder, artifacts, writing)
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(rng.uniform(0.0005, 0.02))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit("the child ended by itself")
    said = b""
    while chunk := os.read(reading, 1 << 16):
        said += chunk
    os.close(reading)
    whole = len(said) // 8 * 8
    confirmed = struct.unpack("q", said[whole - 8 : whole])[0] if whole else 0
    tree = mount(Tree, folder, durability="process")
    return Outcome(confirmed, numbers_in(tree))


def kill_many(
    folder: Path, kills: int, artifacts: int, seed: int, report: Callable[[str], object]
) -> tuple[int, int, int]:
    """How many trees were mixed, how many lost a confirmed commit, how many commits there were."""
    rng = random.Random(seed)
    mixed = lost = commits = 0
    at = folder / "0"
    for number in range(kills):
        if number % 200 == 0:
            commits += mount(Tree, at, durability="process").first.number
            at = folder / str(number)
        outcome = kill_once(at, artifacts, rng)
        mixed += outcome.is_mixed
        lost += outcome.is_lost
        if number % 1000 == 999:
            report(f"{number + 1} kills: {mixed} mixed, {lost} lost")
    commits += mount(Tree, at, durability="process").first.number
    return mixed, lost, commits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--artifacts", type=int, default=4)
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        mixed, lost, commits = kill_many(
            Path(folder), options.kills, options.artifacts, options.seed, print
        )
    print(f"{options.kills} kills, {commits} commits: {mixed} torn or mixed, {lost} lost")
    sys.exit(bool(mixed or lost))


if __name__ == "__main__":
    main()
