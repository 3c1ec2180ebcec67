"""Where metrics go beside `metrics.jsonl`, for those who ask: TensorBoard, Weights & Biases."""

import os
from typing import Any

from .._extras import extra
from ..config import TrainConfig


def require_reporters(config: TrainConfig) -> None:
    """Refuse a reporter that is not installed, before anything is loaded.

    Raises:
        MissingExtraError: with the command that installs it.
    """
    if config.use_tensorboard:
        extra("tensorboard", name="tensorboard")
    if config.use_wandb:
        extra("wandb", name="wandb")


def open_reporters(config: TrainConfig) -> list[Any]:
    """Return the callbacks that report, in the one process that does."""
    if os.environ.get("RANK", "0") != "0":
        return []
    found = []
    if config.use_tensorboard:
        # Not beside the checkpoints, which go when the run is finished.
        folder = config.output_dir / "tensorboard"
        writer = extra("torch.utils.tensorboard").SummaryWriter(log_dir=str(folder))
        found.append(extra("transformers.integrations").TensorBoardCallback(writer))
    if config.use_wandb:
        wandb = extra("wandb", name="wandb")
        if wandb.run is None:
            wandb.init(project=config.wandb_project, dir=str(config.output_dir))
        found.append(extra("transformers.integrations").WandbCallback())
    return found
