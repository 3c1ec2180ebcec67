"""Planted bugs that tests notice: mutate, run the tests that cover the line, keep what fails.

The suite runs a few times on the commit as it is, once under watch, so that every line has its
tests. A mutant then runs only the tests of its line. It is kept when tests that always pass on
the original always fail on it. One that no test notices is dropped: it may change nothing.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from ..errors import EnvironmentBuildError, MutationError
from .audit import Decision
from .candidates import Dropped
from .config import SynthConfig
from .history import Repository, Role, role_of
from .mutators import Mutant, grouped_mutants, stands
from .patches import diff_of
from .prove.baseline import Baseline, baseline_of
from .prove.prover import Prover
from .prove.pytest_runner import Run, run_pytest
from .prove.tree import write_file
from .rows import ContextFile, Metadata, Row, digest

_PER_FUNCTION = 6
_MOST_TESTS = 40


@dataclass(frozen=True, slots=True)
class Plant:
    """One bug to try, and the tests that run its line."""

    name: str
    path: str
    mutant: Mutant
    tests: tuple[str, ...]


@dataclass(slots=True)
class Planter:
    """Plants bugs in the newest commit of a repository."""

    repository: Repository
    config: SynthConfig
    prover: Prover
    licences: tuple[str, ...] = ()
    _sources: dict[str, str] = field(default_factory=dict)
    _copies: SimpleQueue[Path] = field(default_factory=SimpleQueue)

    def decisions(self, pool: Pool, known: Mapping[str, Decision]) -> Iterator[Decision]:
        """A decision on each bug tried, until as many are proven as the settings ask for."""
        with tempfile.TemporaryDirectory(prefix="swarmcode-plant-") as scratch:
            base = Path(scratch, "base")
            base.mkdir()
            baseline = self._baseline(base)
            if isinstance(baseline, Dropped):
                yield Decision(
                    "planted bugs", kept=False, reason=baseline.reason, detail=baseline.detail
                )
                return
            for number in range(self.config.jobs):
                copy = Path(scratch, f"copy-{number}")
                shutil.copytree(base, copy, symlinks=True)
                self._copies.put(copy)
            yield from self._tried(pool, known, baseline)

    def _baseline(self, base: Path) -> Baseline | Dropped:
        commit = self.repository.head
        needs = self.prover.needs(commit)
        try:
            environment = self.prover.environments.environment(needs, self.repository.when())
        except EnvironmentBuildError as error:
            return Dropped(f"environment: {error.cause}", error.detail)
        return baseline_of(self.prover, commit, base, needs, environment)

    def _tried(
        self, pool: Pool, known: Mapping[str, Decision], baseline: Baseline
    ) -> Iterator[Decision]:
        """Decisions in the order of the plan, whichever bug is done first."""
        waiting: deque[Future[Decision]] = deque()
        plan = self._plan(baseline)
        proven = 0
        try:
            while proven < self.config.synthetic:
                for plant in islice(plan, 2 * self.config.jobs - len(waiting)):
                    waiting.append(pool.submit(self._decide, plant, baseline, known))
                if not waiting:
                    return
                decision = waiting.popleft().result()
                proven += decision.kept
                yield decision
        finally:
            # Bugs that are being tried still write to the copies of the tree.
            wait([future for future in waiting if not future.cancel()])

    def _plan(self, baseline: Baseline) -> Iterator[Plant]:
        """Bugs that tests run over, families in turn, so that no family fills the data."""
        draw = random.Random(self.config.seed)  # noqa: S311 - reproducible, not secret
        waiting = self._by_family(baseline)
        for name in sorted(waiting):
            draw.shuffle(waiting[name])
        functions: dict[tuple[str, str], int] = defaultdict(int)
        while waiting:
            for name in sorted(waiting):
                plant = waiting[name].pop()
                if not waiting[name]:
                    del waiting[name]
                place = (plant.path, plant.mutant.function)
                source = self._sources[plant.path]
                if functions[place] < _PER_FUNCTION and stands(source, plant.mutant):
                    functions[place] += 1
                    yield plant

    def _by_family(self, baseline: Baseline) -> dict[str, list[Plant]]:
        families = self.config.families or None
        found: dict[str, list[Plant]] = defaultdict(list)
        for path in sorted(baseline.lines):
            source = self._source(path)
            if source is None:
                continue
            try:
                grouped = grouped_mutants(source, families=families)
            except MutationError:
                continue
            for name, mutants in grouped.items():
                for mutant in mutants:
                    tests = _tests_of(mutant, source, baseline, path)
                    if tests:
                        found[name].append(Plant(_name(path, mutant), path, mutant, tests))
        return found

    def _source(self, path: str) -> str | None:
        if role_of(path) is not Role.SOURCE or not path.endswith(".py"):
            return None
        if path not in self._sources:
            content = self.repository.blob(f"{self.repository.head}:{path}")
            self._sources[path] = content.decode("utf-8", "replace")
        return None if "\ufffd" in self._sources[path] else self._sources[path]

    def _decide(self, plant: Plant, baseline: Baseline, known: Mapping[str, Decision]) -> Decision:
        if plant.name in known:
            return known[plant.name]
        started = time.monotonic()
        found = self._row(plant, baseline)
        seconds = round(time.monotonic() - started, 3)
        if isinstance(found, Dropped):
            return Decision(
                plant.name, kept=False, reason=found.reason, detail=found.detail, seconds=seconds
            )
        return Decision(plant.name, kept=True, row=found.to_json(), seconds=seconds)

    def _row(self, plant: Plant, baseline: Baseline) -> Row | Dropped:
        source = self._sources[plant.path]
        mutated = plant.mutant.apply(source)
        with self._planted(plant, mutated) as folder:
            first = self._run(folder, baseline, plant.tests)
            failing = tuple(t for t in plant.tests if first.outcomes.get(t) == "failed")
            if first.problem:
                return Dropped(f"planted: {first.problem}", plant.mutant.mutator)
            if not failing:
                return Dropped("planted: no test notices it", plant.mutant.mutator)
            for _ in range(self.prover.runs - 1):
                again = self._run(folder, baseline, failing)
                failing = tuple(t for t in failing if again.outcomes.get(t) == "failed")
        if not failing:
            return Dropped("planted: every telling test is flaky", plant.mutant.mutator)
        passing = tuple(t for t in plant.tests if first.outcomes.get(t) == "passed")
        return self._written(plant, mutated, (failing, passing), baseline)

    @contextmanager
    def _planted(self, plant: Plant, mutated: str) -> Iterator[Path]:
        """A copy of the tree with the bug in it, clean again afterwards."""
        folder = self._copies.get()
        try:
            _exchange(folder, plant.path, mutated)
            yield folder
        finally:
            _exchange(folder, plant.path, self._sources[plant.path])
            self._copies.put(folder)

    def _run(self, folder: Path, baseline: Baseline, tests: tuple[str, ...]) -> Run:
        expected = sum(baseline.stable[test] for test in tests)
        return run_pytest(
            self.prover.executor,
            baseline.environment,
            folder,
            tests,
            roots=baseline.roots,
            timeout=min(self.prover.timeout, 20 + 10 * expected),
            options=baseline.options,
        )

    def _written(
        self,
        plant: Plant,
        mutated: str,
        outcomes: tuple[tuple[str, ...], tuple[str, ...]],
        baseline: Baseline,
    ) -> Row | Dropped:
        source, mutant = self._sources[plant.path], plant.mutant
        if len(mutated) > 4 * self.config.context_tokens:
            return Dropped("the files it touches pass the context budget", plant.path)
        failing, passing = outcomes
        templates = self.config.templates
        chosen = int(hashlib.sha256(plant.name.encode()).hexdigest(), 16) % len(templates)
        told = failing[0] if len(failing) == 1 else f"{failing[0]} (and {len(failing) - 1} more)"
        about = Metadata(
            source="synthetic",
            repository=self.repository.name,
            commit=self.repository.head,
            parent=self.repository.head,
            date=self.repository.when().isoformat(),
            proof="executed",
            f2p=failing,
            p2p=passing,
            setup_patch=diff_of(plant.path, source, mutated),
            mutator=mutant.mutator,
            functions=(f"{plant.path}::{mutant.function}",),
            python=baseline.environment.python,
            environment=baseline.environment.key,
            requirements=baseline.environment.versions,
            licence=" ".join(self.licences),
            tree=digest(f"{plant.path}\0{mutated}"),
        )
        files = sorted({test.partition("::")[0] for test in failing})
        return Row(
            templates[chosen].format(function=mutant.function, path=plant.path, tests=told),
            (ContextFile(plant.path, mutated),),
            diff_of(plant.path, mutated, source),
            " ".join(("pytest", *files)),
            about,
        )


def _tests_of(mutant: Mutant, source: str, baseline: Baseline, path: str) -> tuple[str, ...]:
    """The quickest tests that run the lines of a mutant.

    A default is evaluated when its module is imported, which no test is seen to do; the lines
    of the function that follow it stand for it.
    """
    lines = baseline.lines[path]
    touched = source.encode()[mutant.changes[0].start : mutant.changes[-1].end].count(b"\n")
    tests: set[str] = set()
    for number in range(mutant.line, mutant.line + touched + 2):
        tests.update(lines.get(number, ()))
        if tests:
            break
    return tuple(sorted(tests, key=lambda test: (baseline.stable[test], test))[:_MOST_TESTS])


def _name(path: str, mutant: Mutant) -> str:
    told = digest(repr(mutant.changes))[:10]
    return f"{mutant.mutator}:{path}:{mutant.line}:{told}"


def _exchange(folder: Path, path: str, text: str) -> None:
    """Write a file and forget its compiled form, whose time stamp may be the same."""
    write_file(folder, path, text.encode("utf-8"))
    file = folder / path
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink(missing_ok=True)
