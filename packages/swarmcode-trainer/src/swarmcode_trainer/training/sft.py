"""The one place that speaks to trl: its arguments, its trainer, and what is added to it.

Samples arrive tokenised and masked (see `swarmcode_trainer.dataset`), so trl's own
preparation is left out; what is used is its loop, its loss in tiles and its packing-aware
collator.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .._extras import extra
from ..config import TrainConfig
from ..dataset import Sample, pack
from ..errors import NonFiniteLossError
from .base import Effective
from .checkpoints import newest_checkpoint
from .disk import writing
from .progress import Listener, MetricsFile, Progress, StepTimer
from .reporters import open_reporters
from .stop import StopRequest


def training_arguments(config: TrainConfig, how: Effective, *, evaluates: bool) -> Any:
    """Say to trl what the configuration says."""
    stops_early = evaluates and config.early_stopping_patience > 0
    return extra("trl").SFTConfig(
        output_dir=str(config.checkpoints_dir),
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        num_train_epochs=config.num_epochs,
        max_steps=config.max_steps or -1,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.lr_scheduler,
        warmup_steps=config.warmup_ratio,  # below 1 it is a share of all steps
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        optim=config.optimizer,
        bf16=how.precision == "bf16",
        fp16=how.precision == "fp16",
        use_cpu=how.device == "cpu",
        gradient_checkpointing=config.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=how.device == "cuda",
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=config.logging_steps,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=config.save_steps,
        save_total_limit=config.save_total_limit,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=config.save_steps if evaluates else None,
        eval_on_start=evaluates,
        load_best_model_at_end=stops_early,
        metric_for_best_model="eval_loss" if stops_early else None,
        greater_is_better=False if stops_early else None,
        restore_callback_states_from_checkpoint=True,
        report_to="none",  # see reporters.py
        disable_tqdm=True,
        packing=config.packing,
        packing_strategy="bfd",
        eval_packing=False,
        max_length=config.max_seq_length if config.packing else None,
        dataset_kwargs={"skip_prepare_dataset": True},
    )


def as_dataset(samples: Sequence[Sample], *, packed_into: int | None = None) -> Any:
    """Give samples the form that trl reads; packed where a length to pack into is given."""
    rows = _packed(samples, packed_into) if packed_into else _plain(samples)
    return extra("datasets").Dataset.from_list(rows)


def _plain(samples: Sequence[Sample]) -> list[dict[str, list[int]]]:
    return [
        {"input_ids": list(sample.input_ids), "labels": list(sample.labels)} for sample in samples
    ]


def _packed(samples: Sequence[Sample], capacity: int) -> list[dict[str, list[int]]]:
    rows = []
    for indices in pack([len(sample) for sample in samples], capacity=capacity):
        chosen = [samples[index] for index in indices]
        rows.append(
            {
                "input_ids": [token for sample in chosen for token in sample.input_ids],
                "labels": [label for sample in chosen for label in sample.labels],
                "seq_lengths": [len(sample) for sample in chosen],
            }
        )
    return rows


@dataclass(frozen=True, slots=True)
class Watch:
    """What looks at every step.

    Attributes:
        timer: measures how long steps take.
        metrics: where the numbers go; None in processes that do not write.
        listener: who is told.
        stop: who may ask for an end.
        on_timed: told once how long a step takes.
    """

    timer: StepTimer
    metrics: MetricsFile | None
    listener: Listener
    stop: StopRequest
    on_timed: Callable[[float], None]


@cache
def _trainer_class() -> Any:
    base = extra("trl").SFTTrainer

    class CarefulTrainer(base):  # type: ignore[misc, valid-type]
        """trl's trainer, which stops at a loss that is no number and at a full disk."""

        def training_step(self, *arguments: Any, **named: Any) -> Any:
            loss = super().training_step(*arguments, **named)
            value = loss.item()
            if not math.isfinite(value):
                raise NonFiniteLossError(
                    step=self.state.global_step + 1,
                    loss=value,
                    advice="lower learning_rate, train in bf16 or fp32 instead of fp16, "
                    "and check the base model",
                    checkpoint=newest_checkpoint(Path(self.args.output_dir)),
                )
            return loss

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            folder = Path(self.args.output_dir)
            partial = folder / f"checkpoint-{self.state.global_step}"
            with writing("the checkpoint", partial, last_good=newest_checkpoint(folder)):
                super()._save_checkpoint(model, trial)

        def create_model_card(self, *arguments: Any, **named: Any) -> None:
            """Checkpoints need no card; the adapter gets its own at the end."""

    return CarefulTrainer


@cache
def _callback_class() -> Any:
    torch = extra("torch")
    base = extra("transformers").TrainerCallback

    class Watcher(base):  # type: ignore[misc, valid-type]
        """Carries what the loop does to a `Watch`."""

        def __init__(self, watch: Watch) -> None:
            self._watch = watch
            self._timed = False

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self._watch.timer.begin()

        def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
            self._watch.timer.end()
            seconds = self._watch.timer.seconds_per_step
            if seconds is not None and not self._timed:
                self._timed = True
                self._watch.on_timed(seconds)
            self._watch.listener(self._progress(state))
            if self._everybody_stops():
                control.should_save = True
                control.should_training_stop = True

        def on_log(self, _: Any, state: Any, __: Any, logs: Any, **___: Any) -> None:
            values = {key: value for key, value in logs.items() if key != "total_flos"}
            if self._watch.metrics is not None:
                self._watch.metrics.write(state.global_step, values)
            if "loss" in logs or "eval_loss" in logs:
                self._watch.listener(
                    self._progress(state, loss=logs.get("loss"), eval_loss=logs.get("eval_loss"))
                )

        def _progress(self, state: Any, **losses: float | None) -> Progress:
            seconds = self._watch.timer.seconds_per_step
            left = None if seconds is None else seconds * (state.max_steps - state.global_step)
            return Progress(state.global_step, state.max_steps, seconds_left=left, **losses)

        def _everybody_stops(self) -> bool:
            """Agree over all processes: one that stops alone leaves the others waiting."""
            wanted = self._watch.stop.wanted
            if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
                return wanted
            device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
            flag = torch.tensor(int(wanted), device=device)
            torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
            return bool(flag.item())

    return Watcher


def build_trainer(
    config: TrainConfig,
    how: Effective,
    *,
    model: Any,
    adapter: Any,
    tokenizer: Any,
    train: Sequence[Sample],
    held_out: Sequence[Sample],
    watch: Watch,
) -> Any:
    """Put the loop together; nothing runs yet."""
    transformers = extra("transformers")
    callbacks = [_callback_class()(watch), *open_reporters(config)]
    if held_out and config.early_stopping_patience > 0:
        callbacks.append(transformers.EarlyStoppingCallback(config.early_stopping_patience))
    trainer = _trainer_class()(
        model=model,
        args=training_arguments(config, how, evaluates=bool(held_out)),
        train_dataset=as_dataset(
            train, packed_into=config.max_seq_length if config.packing else None
        ),
        eval_dataset=as_dataset(held_out) if held_out else None,
        processing_class=tokenizer,
        callbacks=callbacks,
        peft_config=adapter,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    _set_adapter_precision(trainer.model, how)
    return trainer


def _set_adapter_precision(model: Any, how: Effective) -> None:
    """Keep adapters in full precision wherever bf16 is not what is trained in.

    trl makes the adapters of a quantised base bf16. The gradient scaler of fp16 cannot handle
    that, and in fp32 it would only lose small updates.
    """
    if how.precision == "bf16":
        return
    full = extra("torch").float32
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(full)
