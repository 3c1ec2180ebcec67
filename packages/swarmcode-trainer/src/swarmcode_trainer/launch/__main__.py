"""What every process of a job runs: `accelerate launch … -m swarmcode_trainer.launch FILE`.

Exit codes: 0 trained; 1 an error, in one line on standard error; 130 stopped by a signal,
with a checkpoint.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from ..config import TrainConfig
from ..errors import TrainerError, TrainingInterrupted
from ..qlora import Progress, QLoRATrainer


def main(arguments: list[str] | None = None) -> int:
    """Train by a configuration file, as one of the processes of a job."""
    parser = argparse.ArgumentParser(prog="swarmcode_trainer.launch", description=__doc__)
    parser.add_argument("config", type=Path, help="a JSON file of TrainConfig")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    options = parser.parse_args(arguments)
    first = os.environ.get("RANK", "0") == "0"
    try:
        config = TrainConfig.read(options.config)
        trainer = QLoRATrainer(config, on_progress=_show if first else _ignore)
        result = trainer.train(resume=options.resume)
    except TrainingInterrupted as stopped:
        return _say(str(stopped), first=first, code=130)
    except TrainerError as error:
        return _say(f"error: {error}", first=first, code=1)
    if first:
        sys.stdout.write(json.dumps({"adapter": str(result.adapter_path)}) + "\n")
    return 0


def _say(line: str, *, first: bool, code: int) -> int:
    if first:
        sys.stderr.write(line + "\n")
    return code


def _show(progress: Progress) -> None:
    if progress.loss is not None:
        sys.stderr.write(f"step {progress.step}/{progress.steps} loss {progress.loss:.4f}\n")


def _ignore(progress: Progress) -> None:
    """Only the first process speaks."""


if __name__ == "__main__":
    sys.exit(main())
