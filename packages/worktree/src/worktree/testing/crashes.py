"""Every way that one commit can be cut short, tried one after the other.

A commit is made on a `Disk`, once for every system call it makes and every fault of
`worktree.testing.faults`. What another process then finds must be the tree from before the
commit or the tree after it, wholly; and the one that the committing process was told.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import CommitPendingError, WorktreeError
from ..storage.contract import Change, Expected, Selection
from ..storage.filesystem import FilesystemStorage
from ..storage.filesystem.system import System
from .disk import Disk
from .faults import FAULTS, Fault, Faults, Killed

ROOT = "/mount"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A commit to cut short: what is stored before it, and what it changes."""

    name: str
    before: Sequence[Change]
    changes: Sequence[Change]
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was wrong after one fault."""

    scenario: str
    fault: str
    call: int
    problem: str


@dataclass(slots=True)
class Tally:
    """How much was tried."""

    calls: int = 0
    runs: int = 0


def contents(system: System, keys: Sequence[str]) -> Mapping[str, bytes]:
    """What a process that starts now reads."""
    found = FilesystemStorage(ROOT, system=system).read(Selection(objects=keys))
    return {key: stored.data for key, stored in found.objects.items()}


def exhaust(scenario: Scenario, *, tally: Tally | None = None, seed: int = 0) -> Iterator[Finding]:
    """Cut the commit of a scenario short in every way; yield whatever is wrong afterwards."""
    tally = tally if tally is not None else Tally()
    start = Disk()
    _commit(start, scenario.before, {})
    old = contents(start.copy(), scenario.keys)
    finished = start.copy()
    _commit(finished, scenario.changes, {})
    new = contents(finished.copy(), scenario.keys)
    check = _Check(scenario, old, new, tally, random.Random(seed))  # noqa: S311 — repeatable.
    calls = _count(start.copy(), scenario.changes)
    tally.calls += calls
    for fault in FAULTS:
        for call in range(calls):
            yield from check.one(start.copy(), fault, call)
    yield from check.finished(finished, calls)


def _commit(system: System, changes: Sequence[Change], expected: Expected) -> None:
    FilesystemStorage(ROOT, system=system).apply(changes, expected)


def _count(disk: Disk, changes: Sequence[Change]) -> int:
    faults = Faults(disk)
    _commit(faults, changes, {})
    return faults.calls


@dataclass(slots=True)
class _Check:
    scenario: Scenario
    old: Mapping[str, bytes]
    new: Mapping[str, bytes]
    tally: Tally
    rng: random.Random
    seen: set[object] = field(default_factory=set)

    def one(self, disk: Disk, fault: Fault, call: int) -> Iterator[Finding]:
        """One commit with one fault, and everything that may be found after it."""
        self.seen.clear()
        told = self._attempt(disk, fault, call)
        either = [self.old, self.new]
        allowed = {"old": [self.old], "new": [self.new], "kept": [self.new], "dead": either}[told]
        yield from self._expect(disk.copy(), allowed, fault, call, "nothing lost")
        yield from self._power_cuts(disk, allowed if told == "new" else either, fault, call)
        if told == "dead":
            yield from self._killed_again(disk, call)

    def finished(self, disk: Disk, calls: int) -> Iterator[Finding]:
        """A commit that was reported as done stays done, whatever is lost after it."""
        yield from self._power_cuts(disk, [self.new], "after the end", calls)

    def _attempt(self, disk: Disk, fault: Fault, call: int) -> str:
        """What the committing process was told: the old tree, the new one, or nothing.

        "kept" is the new tree, too, but a power cut may still take it back.
        """
        try:
            _commit(Faults(disk, at=call, fault=fault), self.scenario.changes, {})
        except Killed:
            return "dead"
        except CommitPendingError as error:
            return "new" if error.is_durable else "kept"
        except WorktreeError:
            return "old"
        return "new"

    def _power_cuts(
        self, disk: Disk, allowed: Sequence[Mapping[str, bytes]], fault: str, call: int
    ) -> Iterator[Finding]:
        """Lose everything unsynced, nothing, each change alone, all but one, and at random."""
        size = disk.unsynced
        for label, keeps, rng in self._losses(size):
            left = disk.after_crash(keeps, rng)
            yield from self._expect(left, allowed, fault, call, f"lost: {label}")

    def _losses(
        self, size: int
    ) -> Iterator[tuple[str, Callable[[int], bool], random.Random | None]]:
        yield "all", lambda _: False, None
        yield "none", lambda _: True, None
        for index in range(size):
            yield f"all but {index}", lambda i, index=index: i == index, None  # type: ignore[misc]
            yield f"only {index}", lambda i, index=index: i != index, None  # type: ignore[misc]
        yield from self._random_losses(size)

    def _random_losses(
        self, size: int
    ) -> Iterator[tuple[str, Callable[[int], bool], random.Random | None]]:
        for number in range(4):
            kept = {i for i in range(size) if self.rng.random() < 0.5}
            yield f"random {number}", kept.__contains__, self.rng

    def _killed_again(self, disk: Disk, call: int) -> Iterator[Finding]:
        """The process that finishes the commit is killed too, at each of its calls."""
        probe = Faults(disk.copy())
        contents(probe, self.scenario.keys)
        for again in range(probe.calls):
            left = disk.copy()
            try:
                contents(Faults(left, at=again), self.scenario.keys)
            except Killed:
                either, fault = [self.old, self.new], "kill, and kill its recovery"
                yield from self._expect(left.copy(), either, fault, call, f"at {again}")
                for label, keeps, rng in self._random_losses(left.unsynced):
                    cut = left.after_crash(keeps, rng)
                    yield from self._expect(cut, either, fault, call, f"at {again}, lost {label}")

    def _expect(
        self,
        disk: Disk,
        allowed: Sequence[Mapping[str, bytes]],
        fault: str,
        call: int,
        label: str,
    ) -> Iterator[Finding]:
        self.tally.runs += 1
        outcome = (disk.fingerprint(), len(allowed))
        if outcome in self.seen:
            return
        self.seen.add(outcome)
        try:
            found = contents(disk, self.scenario.keys)
        except WorktreeError as error:
            yield Finding(self.scenario.name, fault, call, f"{label}: {error}")
            return
        if found not in allowed:
            yield Finding(self.scenario.name, fault, call, f"{label}: found {dict(found)}")
