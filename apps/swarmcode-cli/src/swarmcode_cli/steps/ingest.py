"""Ingest: from a repository to a snapshot and its code map."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarmcode_agent.code_map import Enricher
from swarmcode_agent.ingest import IngestConfig, IngestResult, Progress, RepositoryIngester
from swarmcode_agent.ingest.history import find_commit
from swarmcode_agent.ingest.source import find_source

from .. import digests
from ..pipeline import Attempt, Made, Work, relative
from ..progress import Sign
from ..project import Snapshot, Step, now
from ..settings.schema import plain

STAGES = {"fetch": "fetching history", "read": "reading files", "write": "writing the map"}
NOT_DECISIVE = ("jobs", "output_dir")


@dataclass(frozen=True, slots=True)
class Ingest:
    """Makes a snapshot of a repository."""

    config: IngestConfig
    enrichers: Sequence[Enricher] = ()
    step: Step = "ingest"

    def work(self) -> Work:
        """Name the commit that is meant; a worktree as it stands is a new one each time."""
        source = find_source(self.config.source, worktree=self.config.worktree)
        if self.config.worktree:
            commit, shown = f"worktree at {now()}", "the worktree"
        else:
            commit = find_commit(source, self.config.branch).commit
            shown = commit[:12]
        inputs = {"source": source.shown, "commit": commit} | {
            f"enricher {each.name}": each.version for each in self.enrichers
        }
        return Work(
            f"take a snapshot of {source.shown} at {shown}",
            inputs,
            {name: plain(value) for name, value in _settings(self.config).items()},
            [{"kind": "@code.repository", "id": f"git:{source.shown}"}],
        )

    def carry_out(self, attempt: Attempt) -> Made:
        """Take it; an interrupted one left nothing but what it had learned."""

        def pass_on(progress: Progress) -> None:
            attempt.tell(Sign(STAGES[progress.stage], progress.done, progress.total))

        result = RepositoryIngester(
            self.config, enrichers=self.enrichers, on_progress=pass_on
        ).ingest()
        return Made(
            snapshot_record(result, self.config.source),
            f"{result.file_count} files, {result.function_count} functions, "
            f"{result.class_count} classes",
            result,
            [{"kind": "@code.commit", "id": f"git:{result.commit or 'worktree'}"}],
        )

    def intact(self, artifact: Snapshot) -> bool:
        """Whether the snapshot is there with its map as it was."""
        return snapshot_digest(Path(artifact.path)) == artifact.digest


def _settings(config: IngestConfig) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(config).items() if name not in NOT_DECISIVE}


def snapshot_record(result: IngestResult, source: str) -> Snapshot:
    """What the project's tree says of a snapshot."""
    digest = snapshot_digest(result.snapshot_path) or ""
    told = json.loads(result.provenance_path.read_text(encoding="utf-8"))
    return Snapshot(
        path=relative(result.snapshot_path),
        digest=digest,
        origin=str(told.get("origin", source)),
        revision=result.commit,
        files=result.file_count,
        functions=result.function_count,
        classes=result.class_count,
        contracts=_contracts(result.code_map_path),
    )


def _contracts(code_map: Path) -> int:
    section = json.loads(code_map.read_text(encoding="utf-8")).get("contracts") or {}
    return len(section.get("artifacts", ()))


def snapshot_digest(folder: Path) -> str | None:
    """The digest of a snapshot: of its map, which has that of every file. None for no snapshot."""
    code_map = folder / "code_map.json"
    return digests.of_file(code_map) if code_map.is_file() else None
