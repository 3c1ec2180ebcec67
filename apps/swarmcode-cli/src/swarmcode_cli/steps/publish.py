"""Publish: from an adapter to a signed manifest with its paper trail, in a store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarmcode_registry import (
    Evaluation,
    ProvenanceLink,
    PublishConfig,
    Publisher,
    PublishResult,
    SigningKey,
    Training,
)
from swarmcode_registry import Progress as Moved

from .. import digests
from ..errors import MissingStepError, TrailError
from ..pipeline import Attempt, Made, Work, relative
from ..progress import Sign
from ..project import Kept, Project, Publication, Step, newest
from ..settings.schema import plain
from .train import adapter_digest

TRAIL_FILE = "trail.jsonl"
TRAIL_KIND = "syncropel-thread"


@dataclass(frozen=True, slots=True)
class Known:
    """What the project knows of an adapter that is published."""

    training: Training | None = None
    evaluation: Evaluation | None = None
    base_model: str | None = None


def known_of(project: Project, folder: Path) -> Known:
    """What the project knows of an adapter: the rows it learned from, and how it did."""
    digest = adapter_digest(folder)
    figures = _figures(project, digest) if digest else None
    made = next((a for a in project.adapters.values() if a.digest == digest), None)
    if made is None:
        return Known(evaluation=figures)
    rows = next((d for d in project.datasets.values() if d.digest == made.dataset), None)
    training = Training(
        data_hash=made.dataset, examples=rows.examples if rows else None, method="qlora"
    )
    return Known(training, figures, made.base_model)


def _figures(project: Project, adapter: str) -> Evaluation | None:
    """The newest evaluation of an adapter; another one's says nothing about it."""
    found = [e for e in project.evaluations.values() if e.adapter == adapter]
    last = newest(project, "eval")
    chosen = last if last in found else (found[-1] if found else None)
    if chosen is None:
        return None
    return Evaluation(
        examples=chosen.examples,
        pass_rate=chosen.pass_rate,
        patch_apply_rate=chosen.patch_apply_rate,
        data_hash=chosen.dataset,
    )


@dataclass(frozen=True, slots=True)
class Publish:
    """Publishes an adapter.

    Attributes:
        settings: the section `publish`, with the adapter's folder.
        known: what goes into the manifest of where the adapter comes from.
        thread: the project's thread.
        trail_until: gives the records up to one, as JSON lines.
        key: finds the key to sign with.
    """

    settings: Mapping[str, Any]
    known: Known
    thread: str
    trail_until: Callable[[str], str]
    key: SigningKey
    step: Step = "publish"

    @property
    def adapter(self) -> Path:
        """The folder that is published."""
        return Path(self.settings["adapter_path"])

    def work(self) -> Work:
        """Name the adapter, and what is said about it."""
        digest = adapter_digest(self.adapter)
        if digest is None:
            raise MissingStepError("train", f"{self.adapter} does not exist, or holds no adapter")
        name, version = self.settings["name"], self.settings["version"]
        said = {"training": self.known.training, "evaluation": self.known.evaluation}
        inputs = {
            "adapter": digest,
            "signer": self.key.address,
            "known": digests.of_value(
                {k: v.model_dump(mode="json") if v is not None else None for k, v in said.items()}
            ),
        }
        return Work(
            f"publish {name} {version}",
            inputs,
            {key: plain(value) for key, value in self.settings.items()},
            [{"kind": "@swarmcode.adapter", "id": digest}],
        )

    def carry_out(self, attempt: Attempt) -> Made:
        """Sign and push; the same thing again is the same version, not another."""
        (self.adapter / TRAIL_FILE).write_text(self.trail_until(attempt.intent), encoding="utf-8")

        def pass_on(moved: Moved) -> None:
            attempt.tell(Sign(f"{moved.step} {moved.path}", moved.bytes, moved.total))

        config = PublishConfig.from_settings(
            {
                **self.settings,
                "base_model": self.settings["base_model"] or self.known.base_model,
                "training": self.known.training,
                "evaluation": self.known.evaluation,
                "provenance": (
                    ProvenanceLink(
                        kind=TRAIL_KIND,
                        uri=f"thread:{self.thread}",
                        digest=f"sha256:{attempt.intent}",
                    ),
                ),
            }
        )
        result = Publisher(config, key=self.key, on_progress=pass_on).publish()
        record = self._record(result, attempt.intent)
        return Made(
            record,
            f"{record.name} {record.version}, signed by {record.signer}",
            result,
            [{"kind": "@swarmcode.manifest", "id": record.digest}],
        )

    def _paper_trail(self, intent: str) -> ProvenanceLink:
        digest = f"sha256:{intent}"
        return ProvenanceLink(kind=TRAIL_KIND, uri=f"thread:{self.thread}", digest=digest)

    def _record(self, result: PublishResult, intent: str) -> Publication:
        return Publication(
            path=relative(result.manifest_path),
            folder=relative(self.adapter),
            digest=result.manifest.digest,
            name=result.manifest.name,
            version=result.manifest.version,
            signer=self.key.address,
            signature=result.signature,
            store=str(self.settings["store"] or ""),
            adapter=adapter_digest(self.adapter) or "",
            intent=intent,
        )

    def intact(self, artifact: Publication) -> bool:
        """Whether the manifest is there, unchanged."""
        path = Path(artifact.path)
        return path.is_file() and digests.of_file(path) == artifact.digest


def read_trail(path: Path) -> list[Kept]:
    """Read the records that came along with an agent.

    Raises:
        TrailError: they are missing, or are no records.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Kept.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TrailError("", f"{path} cannot be read ({reason})") from error
