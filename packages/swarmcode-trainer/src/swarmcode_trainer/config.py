"""What a person can set about training, and what is refused before anything is loaded."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from .errors import ConfigError

ALL_LINEAR = "all-linear"

Quantisation = Literal["nf4", "fp4"]
PrecisionChoice = Literal["auto", "bf16", "fp16", "fp32"]
Attention = Literal["auto", "flash_attention_2", "sdpa", "eager"]
Scheduler = Literal["cosine", "linear", "constant", "constant_with_warmup"]
Optimizer = Literal["adamw_torch", "adamw_torch_fused", "paged_adamw_8bit", "adamw_8bit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Everything that decides what a training run does.

    Equal configurations, data and versions give equal adapters on the same hardware.

    Attributes:
        model_name: a folder of a model, or its name on the hub.
        dataset_path: the JSONL file of training rows.
        output_dir: where the adapter and everything about the run goes.
        eval_dataset_path: rows to measure the loss on; None holds out a part of the dataset.
        eval_fraction: how much of the dataset to hold out; 0 holds out nothing.
        chat_template: a Jinja file to use instead of the tokenizer's own template.
        allow_download: whether a model that is not on disk may be fetched from the hub.

        lora_r: the rank of the adapter.
        lora_alpha: its scale.
        lora_dropout: the share of its inputs that is dropped in training.
        lora_target_modules: names of the modules to adapt; "all-linear" adapts every linear
            layer but the output head.
        use_rslora: scale by the root of the rank, which keeps high ranks stable.
        use_dora: learn magnitude and direction apart; slower, sometimes better.

        load_in_4bit: quantise the base model while it is loaded.
        bnb_4bit_quant_type: the 4-bit number format.
        bnb_4bit_compute_dtype: the format to compute in; hardware that lacks it uses its own.
        bnb_4bit_use_double_quant: quantise the quantisation constants too.

        num_epochs: passes over the data; a part of one is allowed.
        max_steps: stop after so many optimiser steps; None runs all epochs.
        batch_size: sequences that one device works on at a time.
        gradient_accumulation_steps: batches that make one optimiser step.
        learning_rate: the highest learning rate.
        lr_scheduler: how it changes after the warm-up.
        warmup_ratio: the share of the steps in which it rises.
        weight_decay: of AdamW.
        max_grad_norm: gradients longer than this are scaled down.
        optimizer: the optimiser, by transformers' name; the 8-bit ones need CUDA.
        max_seq_length: tokens of the longest sequence.
        packing: let short samples share a sequence.
        gradient_checkpointing: compute activations twice instead of keeping them.
        precision: the number format to train in; "auto" takes the hardware's best.
        attention: the implementation; "auto" takes flash attention where it is installed.
        max_refused_fraction: refuse to train when more rows than this do not fit.

        seed: of everything that is random.
        logging_steps: steps between two lines of metrics.
        save_steps: steps between two checkpoints and two evaluations.
        save_total_limit: how many checkpoints are kept.
        early_stopping_patience: evaluations without improvement before it stops; 0 never stops.
        use_tensorboard: write TensorBoard files; needs the extra `tensorboard`.
        use_wandb: report to Weights & Biases, a service; needs the extra `wandb`.
        wandb_project: the project there.
    """

    model_name: str = "Qwen/Qwen2.5-Coder-7B-Instruct"
    dataset_path: Path = Path("./data/training.jsonl")
    output_dir: Path = Path("./artifacts")
    eval_dataset_path: Path | None = None
    eval_fraction: float = 0.05
    chat_template: Path | None = None
    allow_download: bool = True

    lora_r: int = 64
    lora_alpha: int = 16
    lora_dropout: float = 0.1
    lora_target_modules: str | Sequence[str] = ALL_LINEAR
    use_rslora: bool = False
    use_dora: bool = False

    load_in_4bit: bool = True
    bnb_4bit_quant_type: Quantisation = "nf4"
    bnb_4bit_compute_dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    bnb_4bit_use_double_quant: bool = True

    num_epochs: float = 3
    max_steps: int | None = None
    batch_size: int = 4
    gradient_accumulation_steps: int = 4
    learning_rate: float = 2e-4
    lr_scheduler: Scheduler = "cosine"
    warmup_ratio: float = 0.03
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    optimizer: Optimizer = "adamw_torch"
    max_seq_length: int = 4096
    packing: bool = False
    gradient_checkpointing: bool = True
    precision: PrecisionChoice = "auto"
    attention: Attention = "auto"
    max_refused_fraction: float = 0.5

    seed: int = 42
    logging_steps: int = 10
    save_steps: int = 100
    save_total_limit: int = 2
    early_stopping_patience: int = 3
    use_tensorboard: bool = False
    use_wandb: bool = False
    wandb_project: str = "swarmcode"

    def __post_init__(self) -> None:
        for name in ("dataset_path", "output_dir", "eval_dataset_path", "chat_template"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, Path(value))
        if isinstance(self.lora_target_modules, list):  # frozen like everything else
            object.__setattr__(self, "lora_target_modules", tuple(self.lora_target_modules))
        _check(self)

    @property
    def checkpoints_dir(self) -> Path:
        """Where checkpoints are written while training runs."""
        return self.output_dir / "checkpoints"

    @property
    def adapter_dir(self) -> Path:
        """Where the adapter is written at the end."""
        return self.output_dir / "swarmcode_adapter"

    def replace(self, **changes: object) -> Self:
        """Return a copy with other settings."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, object]:
        """Return the settings as JSON takes them."""
        values: dict[str, object] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Path):
                value = str(value)
            values[item.name] = list(value) if isinstance(value, tuple) else value
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Return the configuration that `to_dict` described.

        Raises:
            ConfigError: a setting is unknown or has a value that cannot work.
        """
        known = {item.name for item in dataclasses.fields(cls)}
        for name in values:
            if name not in known:
                raise ConfigError(name, values[name], "no such setting")
        return cls(**values)  # type: ignore[arg-type]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a configuration from a JSON file.

        Raises:
            ConfigError: the file cannot be read or does not hold a configuration.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError("config", str(path), f"cannot be read ({error})") from error
        if not isinstance(values, dict):
            raise ConfigError("config", str(path), "does not hold a JSON object")
        return cls.from_dict(values)


_AT_LEAST_ONE = (
    "lora_r",
    "lora_alpha",
    "batch_size",
    "gradient_accumulation_steps",
    "logging_steps",
    "save_steps",
    "save_total_limit",
)
_SHARES = ("lora_dropout", "warmup_ratio", "eval_fraction", "max_refused_fraction")
_CHOICES = {
    "bnb_4bit_quant_type": ("nf4", "fp4"),
    "bnb_4bit_compute_dtype": ("bfloat16", "float16", "float32"),
    "precision": ("auto", "bf16", "fp16", "fp32"),
    "attention": ("auto", "flash_attention_2", "sdpa", "eager"),
    "lr_scheduler": ("cosine", "linear", "constant", "constant_with_warmup"),
    "optimizer": ("adamw_torch", "adamw_torch_fused", "paged_adamw_8bit", "adamw_8bit"),
}


def _check(config: TrainConfig) -> None:
    for name in _AT_LEAST_ONE:
        _require_int(config, name, lowest=1)
    _require_int(config, "max_seq_length", lowest=8)
    _require_int(config, "early_stopping_patience", lowest=0)
    _require_int(config, "seed", lowest=0)
    if config.max_steps is not None:
        _require_int(config, "max_steps", lowest=1)
    for name in ("num_epochs", "learning_rate", "max_grad_norm"):
        _require_number(config, name, lowest=0.0, include_lowest=False)
    _require_number(config, "weight_decay", lowest=0.0)
    for name in _SHARES:
        _require_number(config, name, lowest=0.0, highest=1.0)
    for name in ("lora_dropout", "warmup_ratio", "eval_fraction"):
        if getattr(config, name) == 1:
            raise ConfigError(name, 1, "must be below 1, or nothing would be learned")
    for name, choices in _CHOICES.items():
        if getattr(config, name) not in choices:
            raise ConfigError(name, getattr(config, name), f"must be one of {', '.join(choices)}")
    _check_names(config)


def _check_names(config: TrainConfig) -> None:
    if not config.model_name:
        raise ConfigError("model_name", config.model_name, "name a model or a folder of one")
    targets = config.lora_target_modules
    if isinstance(targets, str) and targets != ALL_LINEAR:
        raise ConfigError(
            "lora_target_modules", targets, f"must be {ALL_LINEAR!r} or a list of module names"
        )
    if not targets or not all(targets):
        raise ConfigError("lora_target_modules", targets, "name at least one module")


def _require_int(config: TrainConfig, name: str, *, lowest: int) -> None:
    value = getattr(config, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        raise ConfigError(name, value, f"must be a whole number, at least {lowest}")


def _require_number(
    config: TrainConfig,
    name: str,
    *,
    lowest: float,
    highest: float = math.inf,
    include_lowest: bool = True,
) -> None:
    value = getattr(config, name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise ConfigError(name, value, "must be a finite number")
    if value < lowest or value > highest or (value == lowest and not include_lowest):
        bound = f"at most {highest}" if value > highest else f"above {lowest}"
        raise ConfigError(name, value, f"must be {bound}")
