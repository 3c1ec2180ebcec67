"""A job of several processes: its files, its command, its end."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .._extras import extra
from ..config import TrainConfig
from ..errors import LaunchError
from ..hardware import Precision
from .configs import Cluster, write_config

ENTRY = "swarmcode_trainer.launch"


@dataclass(frozen=True, slots=True)
class Job:
    """What is run on each machine.

    Attributes:
        command: the command, ready for a shell-less start.
        environment: what has to be set for it, beside what is set.
        cluster_file: accelerate's configuration.
        config_file: the training's configuration.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    cluster_file: Path
    config_file: Path


def write_job(
    config: TrainConfig, cluster: Cluster, *, precision: Precision, resume: bool = False
) -> Job:
    """Write the files of a job beside its results, and return the command that runs it.

    On several machines the same files and data are put on each, with `machine` counted up.

    Raises:
        LaunchError: the training cannot be shared in this way.
    """
    if config.load_in_4bit and cluster.strategy == "fsdp2" and precision == "fp16":
        raise LaunchError("FSDP with 4-bit weights needs bf16 or fp32; set precision")
    if cluster.strategy != "ddp" and "8bit" in config.optimizer:
        raise LaunchError(f"{cluster.strategy} cannot share an 8-bit optimiser; use adamw_torch")
    folder = config.output_dir / "launch"
    cluster_file = write_config(cluster, folder / "accelerate.json", precision=precision)
    config_file = folder / "train.json"
    config_file.write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")
    command = (
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--config_file",
        str(cluster_file),
        "-m",
        ENTRY,
        str(config_file),
        *(("--resume",) if resume else ()),
    )
    hidden = {"CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"} if cluster.cpu else {}
    return Job(
        command=command, environment=hidden, cluster_file=cluster_file, config_file=config_file
    )


def run_job(job: Job, *, environment: Mapping[str, str] | None = None) -> None:
    """Run a job on this machine until it ends.

    Raises:
        MissingExtraError: accelerate is not installed.
        LaunchError: it failed; what went wrong is on its standard error.
    """
    extra("accelerate")
    inherited = os.environ if environment is None else environment
    run = subprocess.run(job.command, env={**inherited, **job.environment}, check=False)
    if run.returncode != 0:
        raise LaunchError(f"the job ended with status {run.returncode}: see the lines above")
