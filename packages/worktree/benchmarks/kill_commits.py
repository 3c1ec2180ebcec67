"""Kill a process while it commits, again and again, at random moments.

    python benchmarks/kill_commits.py [--kills 10000] [--artifacts 4] [--folder /dev/shm] [--sqlite]

A child commits trees whose artifacts all hold the same number, and says which number it has
committed. It is ended with SIGKILL; then the tree is mounted, and must hold one number in all
its artifacts, not lower than the last one that was confirmed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable

from worktree import LayoutAnchor, Worktree, mount
from worktree.artifacts import Json, Log
from worktree.testing.killing import Report, last_report


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


def kill_once(where: str, artifacts: int, life: float) -> Outcome:
    """Let a child commit, kill it, and look at what it left."""

    def commit_forever(report: Report) -> None:
        tree = mount(Tree, where, durability="process")
        number = tree.first.number
        while True:
            report(number)
            number += 1
            set_all(tree, number, artifacts)
            tree.commit()

    confirmed = last_report(commit_forever, life=life)
    return Outcome(confirmed, numbers_in(mount(Tree, where, durability="process")))


def kill_many(
    where: str, kills: int, artifacts: int, seed: int, report: Callable[[str], object]
) -> tuple[int, int, int]:
    """How many trees were mixed, how many lost a confirmed commit, how many commits there were.

    `where` is an address with a place for a number in it.
    """
    rng = random.Random(seed)
    mixed = lost = commits = 0
    at = where.format(0)
    for number in range(kills):
        if number % 200 == 0:
            commits += mount(Tree, at, durability="process").first.number
            at = where.format(number)
        outcome = kill_once(at, artifacts, rng.uniform(0, 0.02))
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
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        mixed, lost, commits = kill_many(
            f"sqlite:{folder}/{{}}.db" if options.sqlite else f"{folder}/{{}}",
            options.kills,
            options.artifacts,
            options.seed,
            print,
        )
    print(f"{options.kills} kills, {commits} commits: {mixed} torn or mixed, {lost} lost")
    sys.exit(bool(mixed or lost))


if __name__ == "__main__":
    main()
