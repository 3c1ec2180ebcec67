"""The whole way from a repository to its training data, one candidate after another.

`DataSynthesizer` decides nothing itself: candidates, proof, context, hygiene, split and formats
each do one thing, and here they meet. What is decided is written down at once, so a run that is
ended continues where it was; files for others appear only when they are whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC
from pathlib import Path

from ..errors import NothingKeptError
from .audit import Decision, Journal, reasons
from .candidates import Candidate, Dropped, candidate_of
from .config import SynthConfig
from .context import ContextChooser, Ranking
from .history import Commit, Repository, Role, commits, open_repository, role_of
from .hygiene import LicenceGate, NearDuplicates, licence_of
from .hygiene.licences import is_licence_file
from .output import Written, write_all
from .patches import apply_exactly
from .planting import Planter
from .prove.environment import Environments, EnvironmentSource, OwnEnvironment, default_cache
from .prove.execute import Executor
from .prove.isolated import IsolatedExecutor
from .prove.prover import Proof, Prover
from .ranking import CodeMapRanking
from .rows import Metadata, Row, digest
from .split import change_text, split_rows


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    looked_at: int
    kept: int
    dropped: Mapping[str, int]
    stage: str


@dataclass(frozen=True, slots=True)
class SynthResult:
    """What was written. `example_count` rows are in `output_path`; eval rows come beside it."""

    output_path: Path
    example_count: int
    diff_examples: int
    synthetic_examples: int
    eval_path: Path
    eval_count: int
    audit_path: Path
    summary_path: Path
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class DataSynthesizer:
    """Makes training data of one repository.

    Args:
        settings: a `SynthConfig`, or any object with its fields.
        progress: told how far the run is, now and then.
        executor: where tests run; isolated without network when not given.
        ranking: orders the files of a context.
    """

    settings: object
    progress: Callable[[Progress], None] | None = None
    executor: Executor | None = None
    ranking: Ranking | None = None
    config: SynthConfig = field(init=False)

    def __post_init__(self) -> None:
        self.config = SynthConfig.of(self.settings)

    def synthesize(self) -> SynthResult:
        """Mine, prove, plant, split and write.

        Raises:
            HistoryError: there is no history at `snapshot_dir`.
            NothingKeptError: no candidate became a row; nothing was written but the audit.
        """
        with ExitStack() as stack:
            repository = stack.enter_context(
                open_repository(self.config.snapshot_dir, branch=self.config.branch)
            )
            return _Run(self, repository, stack).finish()


class _Run:
    """One synthesis of one repository."""

    def __init__(self, owner: DataSynthesizer, repository: Repository, stack: ExitStack) -> None:
        self.config = owner.config
        self.repository = repository
        self.tell = owner.progress
        path = self.config.output_path
        self.journal = Journal(path.with_name(f".{path.name}.journal"), self._fingerprint())
        self.licences = _licences(repository)
        executor = owner.executor or IsolatedExecutor()
        environments = _environments(self.config)
        self.prover = Prover(
            repository, environments, executor, self.config.runs, self.config.test_timeout
        )
        ranking = owner.ranking or CodeMapRanking()
        self.context = ContextChooser(repository, self.config, ranking)
        self.pool = ThreadPoolExecutor(self.config.jobs)
        stack.callback(self.pool.shutdown, cancel_futures=True)

    def _fingerprint(self) -> str:
        settings = {
            name: str(value)
            for name, value in asdict(self.config).items()
            if name not in ("jobs", "cache_dir", "output_path")
        }
        return digest(f"{self.repository.head}\0{sorted(settings.items())}")

    def finish(self) -> SynthResult:
        """Do all of it and write the files."""
        self.journal.resume()
        decisions = self._mined()
        if self.config.synthetic:
            decisions += self._planted()
        decisions = _without_repeats(decisions, self.config.similarity)
        rows = [Row.from_json(each.row) for each in decisions if each.kept]
        config = self.config
        split = split_rows(
            rows, fraction=config.eval_fraction, threshold=config.similarity, seed=config.seed
        )
        removed = {row.id: reason for row, reason in split.removed}
        decisions = [_removed(each, removed) for each in decisions]
        written = write_all(config, self.repository, split, decisions)
        self.journal.remove()
        if not split.train and not split.evaluation:
            raise NothingKeptError(reasons(decisions))
        return _result(written, split.train, len(split.evaluation), decisions)

    def _mined(self) -> list[Decision]:
        """A decision on every commit, in the order of the history, newest first."""
        decisions: list[Decision] = []
        waiting: list[Future[Decision]] = []
        for commit in self._commits():
            waiting.append(self.pool.submit(self._decide, commit))
            if len(waiting) >= 4 * self.config.jobs:
                self._take(waiting.pop(0).result(), decisions)
        for future in waiting:
            self._take(future.result(), decisions)
        return decisions

    def _commits(self) -> Iterator[Commit]:
        """Commits that touch source, as many as the limit allows; the others are counted."""
        looked_at = 0
        for commit in commits(self.repository, since=self.config.since):
            if any(role_of(change.path) is Role.SOURCE for change in commit.changes):
                looked_at += 1
                if self.config.limit is not None and looked_at > self.config.limit:
                    return
            yield commit

    def _take(self, decision: Decision, decisions: list[Decision]) -> None:
        if decision.candidate not in self.journal.decisions:
            self.journal.add(decision)
        decisions.append(decision)
        self._report(decisions, "history")

    def _report(self, decisions: list[Decision], stage: str) -> None:
        if self.tell is not None:
            kept = sum(each.kept for each in decisions)
            self.tell(Progress(len(decisions), kept, dict(reasons(decisions)), stage))

    def _decide(self, commit: Commit) -> Decision:
        known = self.journal.decisions.get(commit.sha)
        if known is not None:
            return known
        started = time.monotonic()
        found = self._row(commit)
        seconds = round(time.monotonic() - started, 3)
        roles = {role_of(change.path) for change in commit.changes}
        tested = {Role.SOURCE, Role.TEST} <= roles
        if isinstance(found, Dropped):
            return Decision(
                commit.sha,
                kept=False,
                reason=found.reason,
                detail=found.detail,
                seconds=seconds,
                tested=tested,
            )
        return Decision(commit.sha, kept=True, row=found.to_json(), seconds=seconds, tested=tested)

    def _row(self, commit: Commit) -> Row | Dropped:
        candidate = candidate_of(commit, self.repository, self.config)
        if isinstance(candidate, Dropped):
            return candidate
        refusal = LicenceGate(self.config.licences).refusal(self.licences)
        if refusal is not None:
            return Dropped(refusal)
        after = self._applied(candidate)
        if isinstance(after, Dropped):
            return after
        shown = self.context.choose(commit.parent, candidate.task, candidate.before)
        if isinstance(shown, Dropped):
            return shown
        proof = self._proof(candidate, after)
        if isinstance(proof, Dropped):
            return proof
        return Row(
            candidate.task,
            shown,
            candidate.diff,
            _command(candidate),
            self._about(candidate, proof),
        )

    def _applied(self, candidate: Candidate) -> dict[str, str | None] | Dropped:
        """What the diff gives, when that is to the byte what the commit holds."""
        after = apply_exactly(candidate.diff, candidate.before)
        if isinstance(after, str):
            return Dropped("diff does not apply to its parent", after)
        for path, text in after.items():
            if text is not None:
                held = self.repository.blob(f"{candidate.commit.sha}:{path}")
                if held != text.encode("utf-8", "surrogateescape"):
                    return Dropped("diff gives other bytes than the commit", path)
        return after

    def _proof(
        self, candidate: Candidate, after: Mapping[str, str | None]
    ) -> Proof | Dropped | None:
        if self.config.proof == "off":
            return None
        if candidate.proves:
            return self.prover.prove(candidate, after)
        required = self.config.proof == "required"
        return Dropped("tests: the commit brings none") if required else None

    def _about(self, candidate: Candidate, proof: Proof | None) -> Metadata:
        commit = candidate.commit
        about = Metadata(
            source="git_diff",
            repository=self.repository.name,
            commit=commit.sha,
            parent=commit.parent,
            date=commit.when.astimezone(UTC).isoformat(),
            functions=candidate.functions,
            test_patch=candidate.test_patch if proof else "",
            licence=" ".join(self.licences),
            tree=digest("\0".join(f"{p}\0{t}" for p, t in sorted(candidate.before.items()))),
        )
        return about if proof is None else proven(about, proof)

    def _planted(self) -> list[Decision]:
        """Decisions on planted bugs, until there are as many proven ones as were asked for."""
        decisions: list[Decision] = []
        planter = Planter(self.repository, self.config, self.prover, self.licences)
        for decision in planter.decisions(self.pool, self.journal.decisions):
            if decision.candidate not in self.journal.decisions:
                self.journal.add(decision)
            decisions.append(decision)
            self._report(decisions, "planted bugs")
        return decisions


def proven(about: Metadata, proof: Proof) -> Metadata:
    """Metadata with what the runs showed."""
    return replace(
        about,
        proof="executed",
        f2p=proof.verdict.f2p,
        p2p=proof.verdict.p2p,
        flaky=proof.verdict.flaky,
        python=proof.environment.python,
        environment=proof.environment.key,
        requirements=proof.environment.versions,
    )


def _environments(config: SynthConfig) -> EnvironmentSource:
    if config.python == "own":
        return OwnEnvironment()
    return Environments(config.cache_dir or default_cache(), config.python)


def _licences(repository: Repository) -> tuple[str, ...]:
    found = set()
    for path in repository.tree(repository.head):
        if is_licence_file(path):
            text = repository.blob(f"{repository.head}:{path}").decode("utf-8", "replace")
            found.add(licence_of(text))
    return tuple(sorted(name for name in found if name))


def _command(candidate: Candidate) -> str:
    return " ".join(("pytest", *candidate.tests)) if candidate.tests else "pytest"


def _without_repeats(decisions: Iterable[Decision], threshold: float) -> list[Decision]:
    """The decisions, with the later of two near-duplicates dropped; the oldest commit stays."""
    near = NearDuplicates(threshold)
    kept: list[Decision] = []
    for decision in reversed(list(decisions)):
        text = change_text(Row.from_json(decision.row)) if decision.kept else ""
        twin = next(near.like(text), None) if decision.kept else None
        if decision.kept and twin is None:
            near.add(decision.candidate, text)
        kept.append(decision if twin is None else decision.dropped("near-duplicate", f"of {twin}"))
    return kept[::-1]


def _removed(decision: Decision, removed: Mapping[str, str]) -> Decision:
    if not decision.kept:
        return decision
    reason = removed.get(Row.from_json(decision.row).id)
    return decision if reason is None else decision.dropped(reason)


def _result(
    written: Written, train: tuple[Row, ...], eval_count: int, decisions: list[Decision]
) -> SynthResult:
    planted = sum(row.metadata.source == "synthetic" for row in train)
    return SynthResult(
        written.train,
        len(train),
        len(train) - planted,
        planted,
        written.evaluation,
        eval_count,
        written.audit,
        written.summary,
        tuple(reasons(decisions)),
    )
