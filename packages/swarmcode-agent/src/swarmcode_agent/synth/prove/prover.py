"""Prove one commit: its tests fail on the parent's tree and pass when the diff is applied.

Both trees carry the commit's tests. They differ by the row's diff alone, applied to the parent
as anybody who uses the row will apply it, so what is proven is the row and not the commit.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import EnvironmentBuildError
from ..candidates import Candidate, Dropped
from ..history import Repository
from .environment import Environment, EnvironmentSource
from .execute import Executor
from .pytest_runner import COULD_NOT_START, WITHOUT_ADDOPTS, Run, run_pytest
from .requirements import READ, Needs, needs_of
from .tree import remove_file, source_roots, write_file, write_metadata, write_tree
from .verdict import Verdict, judge, score


@dataclass(frozen=True, slots=True)
class Proof:
    """What the runs showed, and in which environment."""

    verdict: Verdict
    environment: Environment


@dataclass(slots=True)
class Prover:
    """Runs candidates' tests. Safe to share between threads."""

    repository: Repository
    environments: EnvironmentSource
    executor: Executor
    runs: int = 3
    timeout: float = 120.0

    def prove(self, candidate: Candidate, after: Mapping[str, str | None]) -> Proof | Dropped:
        """Run the candidate's tests before and after its diff.

        Args:
            candidate: a commit that brings tests.
            after: what applying the row's diff gives for every file it touches; None for a
                file that it removes.
        """
        if not all(path.endswith(".py") for path in candidate.tests):
            return Dropped("tests: no runner for their language", candidate.tests[0])
        needs = self.needs(candidate.commit.parent)
        try:
            environment = self.environments.environment(needs, candidate.commit.when)
        except EnvironmentBuildError as error:
            return Dropped(f"environment: {error.cause}", error.detail)
        with tempfile.TemporaryDirectory(prefix="swarmcode-prove-") as scratch:
            before, behind = Path(scratch, "before"), Path(scratch, "after")
            self._lay_out(candidate, before, needs)
            shutil.copytree(before, behind, symlinks=True)
            for path, text in after.items():
                _put(behind, path, text)
            return self._judged(candidate, environment, before, behind)

    def needs(self, commit: str) -> Needs:
        """What the tree of a commit says it needs."""
        tree = self.repository.tree(commit)
        texts = {
            path: self.repository.blob(tree[path][1]).decode("utf-8", "replace")
            for path in sorted(READ & tree.keys())
        }
        return needs_of(texts)

    def _lay_out(self, candidate: Candidate, folder: Path, needs: Needs) -> None:
        folder.mkdir()
        write_tree(self.repository, candidate.commit.parent, folder)
        for change in candidate.test_changes:
            if change.status in "DR":
                remove_file(folder, change.old_path)
            if change.status != "D":
                write_file(folder, change.path, self.repository.blob(change.new_blob))
        write_metadata(folder, needs)

    def _judged(
        self, candidate: Candidate, environment: Environment, before: Path, behind: Path
    ) -> Proof | Dropped:
        roots = source_roots(self.repository.tree(candidate.commit.parent))

        def run(folder: Path, options: tuple[str, ...]) -> Run:
            return run_pytest(
                self.executor,
                environment,
                folder,
                candidate.tests,
                roots=roots,
                timeout=self.timeout,
                options=options,
            )

        options: tuple[str, ...] = ()
        after = [run(behind, options)]
        if after[0].problem == COULD_NOT_START:
            options = WITHOUT_ADDOPTS
            after = [run(behind, options)]
        if after[0].problem:
            return Dropped(f"tests: {after[0].problem} with the change", after[0].output[-2000:])
        first = run(before, options)
        early = judge([first.outcomes], [after[0].outcomes])
        if not early.f2p:
            reason = "tests: hang without the change" if first.problem.endswith("hang") else _NO_F2P
            return Dropped(reason, _told(early, after[0]))
        after += [run(behind, options) for _ in range(self.runs - 1)]
        earlier = [first, *(run(before, options) for _ in range(self.runs - 1))]
        verdict = judge([each.outcomes for each in earlier], [each.outcomes for each in after])
        if not verdict.f2p:
            return Dropped("tests: every telling test is flaky", ", ".join(verdict.flaky[:5]))
        if not all(score(verdict, each.outcomes) == 1.0 for each in after):
            return Dropped("tests: the change does not score 1", _told(verdict, after[-1]))
        if any(score(verdict, each.outcomes) != 0.0 for each in earlier):
            return Dropped("tests: the empty patch does not score 0")
        return Proof(verdict, environment)


_NO_F2P = "tests: none turns from failing to passing"


def _put(folder: Path, path: str, text: str | None) -> None:
    if text is None:
        remove_file(folder, path)
    else:
        write_file(folder, path, text.encode("utf-8"))


def _told(verdict: Verdict, run: Run) -> str:
    failed = [name for name, outcome in run.outcomes.items() if outcome == "failed"]
    return f"{len(verdict.p2p)} pass on both sides, {len(failed)} fail after; " + run.output[-600:]
