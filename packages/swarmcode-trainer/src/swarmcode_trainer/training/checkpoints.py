"""Which checkpoints there are, and whether a run may go on from one.

A checkpoint fits a run whose settings and data are the same: anything else would go on
towards a different model without saying so. `run.json` beside the checkpoints holds what
they were made with.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..config import TrainConfig
from ..errors import ResumeError

RECORD = "run.json"
NAME = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"

# What may change between two parts of one run: it does not change what is learned.
FREE = frozenset(
    {
        "output_dir",
        "dataset_path",
        "eval_dataset_path",
        "allow_download",
        "logging_steps",
        "save_total_limit",
        "use_tensorboard",
        "use_wandb",
        "wandb_project",
    }
)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run was begun with.

    Attributes:
        settings: those that decide what is learned.
        data: the hash of every file of rows.
        sequences_per_step: how many sequences one step had, over all processes.
    """

    settings: Mapping[str, object]
    data: Mapping[str, str]
    sequences_per_step: int

    @classmethod
    def of(cls, config: TrainConfig, data: Mapping[str, str], *, processes: int) -> "RunRecord":
        """Describe a run."""
        settings = {name: value for name, value in config.to_dict().items() if name not in FREE}
        batch = config.batch_size * config.gradient_accumulation_steps * processes
        return cls(settings=settings, data=dict(data), sequences_per_step=batch)

    def write(self, folder: Path) -> None:
        """Put the record beside the checkpoints."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {
                "settings": self.settings,
                "data": self.data,
                "sequences_per_step": self.sequences_per_step,
            },
            indent=2,
        )
        (folder / RECORD).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "RunRecord":
        """Read the record beside the checkpoints.

        Raises:
            ResumeError: there is none, or it is broken.
        """
        try:
            value = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            return cls(value["settings"], value["data"], value["sequences_per_step"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResumeError(
                f"{folder / RECORD} is missing or broken, so nothing says what its checkpoints "
                "were made with; remove the folder to begin anew"
            ) from error

    def differences(self, other: "RunRecord") -> tuple[str, ...]:
        """Say what is different in `other`, one phrase each."""
        names = sorted(self.settings.keys() | other.settings.keys())
        changed = [
            f"{name} was {self.settings.get(name)!r} and is {other.settings.get(name)!r}"
            for name in names
            if self.settings.get(name) != other.settings.get(name)
        ]
        if self.data != other.data:
            changed.append("the rows are different")
        if self.sequences_per_step != other.sequences_per_step:
            changed.append(
                f"a step had {self.sequences_per_step} sequences and has {other.sequences_per_step}"
            )
        return tuple(changed)


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the complete checkpoint of the highest step; None if there is none."""
    found = []
    for path in folder.glob("checkpoint-*"):
        match = NAME.fullmatch(path.name)
        if match and (path / STATE).is_file():  # written last, so what has it is complete
            found.append((int(match[1]), path))
    return max(found)[1] if found else None


def step_of(checkpoint: Path) -> int:
    """Return the step that a checkpoint was made after."""
    match = NAME.fullmatch(checkpoint.name)
    return int(match[1]) if match else 0


def choose_checkpoint(folder: Path, record: RunRecord, *, resume: bool) -> Path | None:
    """Return the checkpoint to go on from, or None to begin.

    Raises:
        ResumeError: the checkpoints there are of another run, or nobody said to go on.
    """
    newest = newest_checkpoint(folder)
    if newest is None:
        return None
    if not resume:
        raise ResumeError(
            f"{folder} holds a run that was not finished; train with resume=True to go on, "
            "or remove that folder to begin anew",
            checkpoint=newest,
        )
    if changed := RunRecord.read(folder).differences(record):
        raise ResumeError(
            f"{folder} is of another run: {'; '.join(changed)}; set it back, or choose another "
            "output_dir"
        )
    return newest
