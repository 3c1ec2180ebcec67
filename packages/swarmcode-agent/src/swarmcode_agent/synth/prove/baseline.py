"""What a suite does on a tree as it is: which tests always pass, and what each line's tests are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..candidates import Dropped
from .environment import Environment
from .prover import Prover
from .pytest_runner import COULD_NOT_START, WITHOUT_ADDOPTS, Run, run_pytest
from .requirements import Needs
from .tree import source_roots, write_metadata, write_tree


@dataclass(frozen=True, slots=True)
class Baseline:
    """A tree whose tests are known.

    Attributes:
        folder: where the tree is.
        environment: what its tests run in.
        roots: the folders to import from.
        options: further options that pytest needs to start.
        stable: the tests that passed in every run, with the seconds they took.
        lines: by path in the tree, the stable tests that run each line.
    """

    folder: Path
    environment: Environment
    roots: tuple[str, ...]
    options: tuple[str, ...]
    stable: Mapping[str, float]
    lines: Mapping[str, Mapping[int, tuple[str, ...]]]


def baseline_of(
    prover: Prover, commit: str, folder: Path, needs: Needs, environment: Environment
) -> Baseline | Dropped:
    """Write a commit's tree to a folder and run all of its tests a few times, once under watch."""
    tree = prover.repository.tree(commit)
    write_tree(prover.repository, commit, folder)
    write_metadata(folder, needs)
    roots = source_roots(tree)
    options: tuple[str, ...] = ()
    runs: list[Run] = []
    while len(runs) < max(prover.runs, 2):
        run = run_pytest(
            prover.executor,
            environment,
            folder,
            (),
            roots=roots,
            timeout=5 * prover.timeout,
            options=options,
            trace=not runs,
        )
        if run.problem == COULD_NOT_START and not options:
            options = WITHOUT_ADDOPTS
            continue
        if run.problem:
            return Dropped(f"tests: {run.problem} on the commit as it is", run.output[-2000:])
        runs.append(run)
    stable = {
        name: runs[-1].seconds.get(name, 0.0)
        for name in runs[0].outcomes
        if all(run.outcomes.get(name) == "passed" for run in runs)
    }
    if not stable:
        return Dropped("tests: none passes on the commit as it is", runs[0].output[-2000:])
    inside = f"{folder}/"
    lines = {
        name.removeprefix(inside): {
            number: tuple(test for test in tests if test in stable)
            for number, tests in by_number.items()
        }
        for name, by_number in runs[0].lines.items()
        if name.removeprefix(inside) in tree
    }
    return Baseline(folder, environment, roots, options, stable, lines)
