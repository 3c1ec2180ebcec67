"""The errors of swarmcode-trainer, drawn as a tree.

TrainerError                everything that swarmcode-trainer raises on purpose
├── MissingExtraError       an optional dependency is not installed
├── ConfigError             a setting has a value that cannot work
├── DatasetError            the training data cannot be used
│   ├── MalformedRowsError  some lines are not rows; says which and why
│   ├── TooFewRowsError     there is nothing to learn from, or nothing to hold out
│   └── TooLongError        most rows do not fit into the sequence length
├── DoesNotFitError         the plan needs more memory or disk than there is
├── ModelError              the base model cannot be used
│   ├── ModelNotFoundError  it is not on disk and may not, or cannot, be fetched
│   ├── TokenizerError      its tokenizer or chat template is missing or unsuitable
│   ├── TargetModuleError   it has no module of the name that LoRA should adapt
│   └── AdapterError        an adapter is missing, broken, or made for another base
├── TrainingError           training began and could not go on
│   ├── NonFiniteLossError  the loss became NaN or infinite
│   ├── DiskFullError       a checkpoint or a result could not be written
│   ├── ResumeError         the checkpoint is of another run
│   └── TrainingInterrupted somebody asked it to stop; a checkpoint was written
├── LaunchError             a job of several processes could not be described or started
└── EvaluationError         an evaluation could not be done
    ├── WorkspaceError      the tree of a task could not be laid out
    └── AnswerError         a model could not be asked
"""

from collections.abc import Sequence
from pathlib import Path


class TrainerError(Exception):
    """Catch this to catch whatever swarmcode-trainer raises on purpose."""


class MissingExtraError(TrainerError):
    """An optional dependency is needed and is not installed.

    Attributes:
        module: the module that could not be imported.
        extra: the extra of swarmcode-trainer that brings it.
    """

    def __init__(self, module: str, *, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(
            f"{module!r} is not installed; run: pip install 'swarmcode-trainer[{extra}]'"
        )


class ConfigError(TrainerError):
    """A setting has a value that cannot work.

    Attributes:
        field: the name of the setting.
        value: what it was set to.
    """

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field = field
        self.value = value
        super().__init__(f"{field} = {value!r}: {reason}")


# ── data ──────────────────────────────────────────────────────────────────────────────


class DatasetError(TrainerError):
    """The training data cannot be used.

    Attributes:
        path: the file that was read.
    """

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class MalformedRowsError(DatasetError):
    """Some lines of a dataset are not rows.

    Attributes:
        problems: (line number, what is wrong with it), in the order of the file.
    """

    SHOWN = 5

    def __init__(self, path: Path, problems: Sequence[tuple[int, str]]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(f"line {line}: {why}" for line, why in self.problems[: self.SHOWN])
        more = len(self.problems) - self.SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        super().__init__(path, f"{len(self.problems)} malformed rows: {shown}{rest}")


class TooFewRowsError(DatasetError):
    """There is nothing to learn from, or nothing to hold out.

    Attributes:
        found: how many usable rows there are.
        needed: how many there must be.
    """

    def __init__(self, path: Path, *, found: int, needed: int, why: str) -> None:
        self.found = found
        self.needed = needed
        super().__init__(path, f"{found} rows, and {needed} are needed {why}")


class TooLongError(DatasetError):
    """Most rows do not fit into the sequence length.

    Attributes:
        refused: how many rows do not fit.
        total: how many rows there are.
        needed: the sequence length that would hold every one of them.
    """

    def __init__(self, path: Path, *, refused: int, total: int, needed: int, limit: int) -> None:
        self.refused = refused
        self.total = total
        self.needed = needed
        super().__init__(
            path,
            f"{refused} of {total} rows do not fit into max_seq_length = {limit} "
            f"even without their context; {needed} would hold them all",
        )


class DoesNotFitError(TrainerError):
    """The plan needs more memory or disk than there is.

    Attributes:
        needed_bytes: what the plan needs.
        available_bytes: what there is.
        proposal: settings that would fit, by field; empty where none do.
    """

    def __init__(
        self,
        what: str,
        *,
        needed_bytes: int,
        available_bytes: int,
        proposal: dict[str, object] | None = None,
    ) -> None:
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes
        self.proposal = proposal or {}
        settings = ", ".join(f"{name} = {value!r}" for name, value in self.proposal.items())
        advice = f"this would fit: {settings}" if settings else "no smaller setting of it fits"
        super().__init__(
            f"{what}: needs {needed_bytes / 1024**3:.1f} GiB, "
            f"there are {available_bytes / 1024**3:.1f} GiB; {advice}"
        )


# ── models ────────────────────────────────────────────────────────────────────────────


class ModelError(TrainerError):
    """The base model cannot be used.

    Attributes:
        model: its name or path.
    """

    def __init__(self, model: str, message: str) -> None:
        self.model = model
        super().__init__(f"{model}: {message}")


class ModelNotFoundError(ModelError):
    """The base model is not on disk and may not, or cannot, be fetched."""


class TokenizerError(ModelError):
    """The tokenizer or its chat template is missing or unsuitable."""


class TargetModuleError(ModelError):
    """The model has no module of the name that LoRA should adapt."""


class AdapterError(ModelError):
    """An adapter is missing, broken, or made for another base."""


# ── training ──────────────────────────────────────────────────────────────────────────


class TrainingError(TrainerError):
    """Training began and could not go on.

    Attributes:
        checkpoint: the newest complete checkpoint; None if there is none yet.
    """

    def __init__(self, message: str, *, checkpoint: Path | None = None) -> None:
        self.checkpoint = checkpoint
        tail = f"; the last good checkpoint is {checkpoint}" if checkpoint else ""
        super().__init__(message + tail)


class NonFiniteLossError(TrainingError):
    """The loss became NaN or infinite.

    Attributes:
        step: the optimiser step in which it happened.
        loss: the loss that was seen.
    """

    def __init__(self, *, step: int, loss: float, advice: str, checkpoint: Path | None) -> None:
        self.step = step
        self.loss = loss
        super().__init__(f"the loss is {loss} in step {step}: {advice}", checkpoint=checkpoint)


class DiskFullError(TrainingError):
    """A checkpoint or a result could not be written."""


class ResumeError(TrainingError):
    """The checkpoint is of another run."""


class TrainingInterrupted(TrainingError):  # noqa: N818 (like KeyboardInterrupt: no fault)
    """Somebody asked training to stop; a checkpoint was written first.

    Attributes:
        step: how many optimiser steps were done.
    """

    def __init__(self, *, step: int, checkpoint: Path | None) -> None:
        self.step = step
        super().__init__(
            f"stopped after step {step}; train again with resume=True to go on",
            checkpoint=checkpoint,
        )


class LaunchError(TrainerError):
    """A job of several processes could not be described or started."""


# ── evaluation ────────────────────────────────────────────────────────────────────────


class EvaluationError(TrainerError):
    """An evaluation could not be done."""


class WorkspaceError(EvaluationError):
    """The tree of a task could not be laid out."""


class AnswerError(EvaluationError):
    """A model could not be asked."""
