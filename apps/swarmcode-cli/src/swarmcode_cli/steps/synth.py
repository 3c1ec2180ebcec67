"""Synth: from a snapshot's history to rows that tests prove."""

from dataclasses import asdict, dataclass
from pathlib import Path

from swarmcode_agent.synth import DataSynthesizer, Progress, SynthConfig, SynthResult
from swarmcode_agent.synth.history import open_repository

from .. import digests
from ..errors import MissingStepError
from ..pipeline import Attempt, Made, Work, relative
from ..progress import Sign
from ..project import Dataset, Step
from ..settings.schema import plain
from .ingest import snapshot_digest

NOT_DECISIVE = ("jobs", "cache_dir", "snapshot_dir")


@dataclass(frozen=True, slots=True)
class Synth:
    """Makes training and evaluation rows of a snapshot, or of any git repository."""

    config: SynthConfig
    step: Step = "synth"

    def work(self) -> Work:
        """Name the snapshot, and all that shapes the rows."""
        folder = self.config.snapshot_dir
        if not folder.exists():
            raise MissingStepError("ingest", f"{folder} does not exist")
        digest = snapshot_digest(folder) or _head(self.config)
        settings = {k: v for k, v in asdict(self.config).items() if k not in NOT_DECISIVE}
        return Work(
            f"make training rows of {relative(folder)}",
            {"snapshot": digest},
            {name: plain(value) for name, value in settings.items()},
            [{"kind": "@swarmcode.snapshot", "id": digest}],
        )

    def carry_out(self, attempt: Attempt) -> Made:
        """Mine, prove and plant; what was decided before an interruption stays decided."""

        def pass_on(progress: Progress) -> None:
            dropped = sum(progress.dropped.values())
            note = f"{progress.kept} kept, {dropped} dropped"
            attempt.tell(Sign(f"proving: {progress.stage}", progress.looked_at, note=note))

        result = DataSynthesizer(self.config, progress=pass_on).synthesize()
        record = dataset_record(result, snapshot_digest(self.config.snapshot_dir) or "")
        return Made(
            record,
            f"{record.examples} rows to train on, {record.eval_examples} to evaluate with",
            result,
            [{"kind": "@swarmcode.dataset", "id": record.digest}],
        )

    def intact(self, artifact: Dataset) -> bool:
        """Whether both files of rows are there, unchanged."""
        return rows_are(artifact)


def rows_are(dataset: Dataset) -> bool:
    """Whether both files of rows hold what the record says."""
    files = [(dataset.path, dataset.digest), (dataset.eval_path, dataset.eval_digest)]
    return all(Path(p).is_file() and digests.of_file(Path(p)) == digest for p, digest in files)


def _head(config: SynthConfig) -> str:
    with open_repository(config.snapshot_dir, branch=config.branch) as repository:
        return f"git:{repository.head}"


def dataset_record(result: SynthResult, snapshot: str) -> Dataset:
    """What the project's tree says of the rows."""
    return Dataset(
        path=relative(result.output_path),
        digest=digests.of_file(result.output_path),
        eval_path=relative(result.eval_path),
        eval_digest=digests.of_file(result.eval_path),
        examples=result.example_count,
        eval_examples=result.eval_count,
        planted=result.synthetic_examples,
        snapshot=snapshot,
    )
