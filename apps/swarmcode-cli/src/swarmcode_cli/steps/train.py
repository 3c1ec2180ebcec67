"""Train: from rows and a base model to an adapter."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from swarmcode_trainer.qlora import Progress, QLoRATrainer, TrainConfig, TrainResult
from swarmcode_trainer.training.provenance import base_fingerprint

from .. import digests
from ..errors import MissingStepError
from ..pipeline import Attempt, Made, Work, relative
from ..progress import Sign
from ..project import Adapter, Step
from ..settings.schema import plain

FILES = ("adapter_config.json", "adapter_model.safetensors")
NOT_DECISIVE = ("dataset_path", "eval_dataset_path", "allow_download", "logging_steps")


@dataclass(frozen=True, slots=True)
class Train:
    """Trains an adapter. `anew` throws away what an unfinished run had learned."""

    config: TrainConfig
    anew: bool = False
    step: Step = "train"

    def work(self) -> Work:
        """Name the rows, the base and all that decides what is learned."""
        config = self.config
        if not config.dataset_path.is_file():
            raise MissingStepError("synth", f"{config.dataset_path} does not exist")
        inputs = {
            "dataset": digests.of_file(config.dataset_path),
            "base": base_fingerprint(Path(config.model_name)) or config.model_name,
        }
        if config.eval_dataset_path is not None:
            inputs["held out"] = digests.of_file(config.eval_dataset_path)
        settings = {k: v for k, v in config.to_dict().items() if k not in NOT_DECISIVE}
        return Work(
            f"train an adapter for {config.model_name}",
            inputs,
            {name: plain(value) for name, value in settings.items()},
            [
                {"kind": "@swarmcode.dataset", "id": inputs["dataset"]},
                {"kind": "@swarmcode.model", "id": f"base:{config.model_name}"},
            ],
        )

    def carry_out(self, attempt: Attempt) -> Made:
        """Train; a run that was begun before goes on from its newest checkpoint."""
        if self.anew:
            shutil.rmtree(self.config.checkpoints_dir, ignore_errors=True)

        def pass_on(progress: Progress) -> None:
            loss = progress.loss if progress.loss is not None else progress.eval_loss
            note = "" if loss is None else f"loss {loss:.4f}"
            left = progress.seconds_left
            attempt.tell(
                Sign("training", progress.step, progress.steps, note=note, seconds_left=left)
            )

        result = QLoRATrainer(self.config, on_progress=pass_on).train(resume=attempt.again)
        record = self._record(result)
        return Made(
            record,
            f"{result.steps} steps, held-out loss {_shown(result.base_eval_loss)} → "
            f"{_shown(result.eval_loss)}",
            result,
            [{"kind": "@swarmcode.adapter", "id": record.digest}],
        )

    def _record(self, result: TrainResult) -> Adapter:
        return Adapter(
            path=relative(result.adapter_path),
            digest=adapter_digest(result.adapter_path) or "",
            base_model=self.config.model_name,
            dataset=digests.of_file(self.config.dataset_path),
            steps=result.steps,
            final_loss=result.final_loss,
            eval_loss=result.eval_loss,
            base_eval_loss=result.base_eval_loss,
        )

    def intact(self, artifact: Adapter) -> bool:
        """Whether the weights are there, unchanged."""
        return adapter_digest(Path(artifact.path)) == artifact.digest


def adapter_digest(folder: Path) -> str | None:
    """The digest of an adapter's weights and their settings; None where there is none."""
    if not all((folder / name).is_file() for name in FILES):
        return None
    return digests.of_files(folder, FILES)


def _shown(loss: float | None) -> str:
    return "not measured" if loss is None else f"{loss:.4f}"
