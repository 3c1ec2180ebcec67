"""What a training run will take, said before anything is loaded."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..config import TrainConfig
from ..dataset.pack import pack
from ..errors import DoesNotFitError
from ..hardware import Device, Precision
from .memory import GIB, Part, memory_parts
from .shape import ModelShape

SMALLEST_LENGTH = 512
SMALLEST_RANK = 8


@dataclass(frozen=True, slots=True)
class Data:
    """What is known of the data: the length in tokens of every sample.

    Attributes:
        lengths: tokens of each sample to train on.
        held_out: how many samples are held out.
    """

    lengths: tuple[int, ...]
    held_out: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will take.

    Attributes:
        parts: memory on one device, by part; empty where the model's family is unknown.
        available_bytes: memory of one device.
        sequences: how many sequences one epoch has, after packing.
        tokens_per_epoch: tokens in them, without padding.
        steps: optimiser steps of the whole run.
        warmup_steps: those in which the learning rate rises.
        precision: the number format that is trained in.
        adapter_parameters: how many numbers are trained; None where the family is unknown.
        seconds: how long it will take; None until the first steps were timed.
    """

    parts: tuple[Part, ...]
    available_bytes: int
    sequences: int
    tokens_per_epoch: int
    steps: int
    warmup_steps: int
    precision: Precision
    adapter_parameters: int | None
    seconds: float | None = None

    @property
    def needed_bytes(self) -> int:
        """Memory that one device needs."""
        return sum(part.bytes for part in self.parts)

    @property
    def fits(self) -> bool:
        """Whether it can work; an unknown need is let through."""
        return self.needed_bytes <= self.available_bytes

    def timed(self, seconds_per_step: float) -> "Plan":
        """Return the plan with the time that it will take, from what steps really took."""
        return replace(self, seconds=self.steps * seconds_per_step)

    def lines(self) -> Iterator[str]:
        """Yield the plan as a person reads it."""
        for part in self.parts:
            yield f"{part.name:<14}{part.bytes / GIB:8.2f} GiB"
        if not self.parts:
            yield "memory is unknown: the model is of a family that is not known here"
        total = f"{self.needed_bytes / GIB:8.2f} GiB of {self.available_bytes / GIB:.1f} GiB"
        yield f"{'in all':<14}{total}"
        yield f"{self.sequences} sequences, {self.tokens_per_epoch} tokens an epoch"
        yield f"{self.steps} steps, {self.warmup_steps} of them warm-up"
        if self.seconds is not None:
            yield f"about {self.seconds / 60:.0f} minutes"


def make_plan(
    config: TrainConfig, shape: ModelShape | None, data: Data, *, device: Device, memory: int
) -> Plan:
    """Work out what a run will take; nothing is loaded.

    Args:
        config: the settings.
        shape: the model's sizes; None where its family is unknown.
        data: the lengths of the samples.
        device: what it will run on.
        memory: how many bytes one device has for it.
    """
    precision: Precision = device.precision if config.precision == "auto" else config.precision
    sequences = _sequences(config, data.lengths)
    steps = _steps(config, sequences, devices=device.count)
    parts: tuple[Part, ...] = ()
    adapter = None
    if shape is not None:
        parts = memory_parts(
            shape,
            config,
            device_kind=device.kind,
            precision=precision,
            longest=max(data.lengths, default=None),
        )
        adapter = shape.adapter_parameters(
            rank=config.lora_r, targets=config.lora_target_modules, dora=config.use_dora
        )
    return Plan(
        parts=parts,
        available_bytes=memory,
        sequences=sequences,
        tokens_per_epoch=sum(data.lengths),
        steps=steps,
        warmup_steps=math.ceil(steps * config.warmup_ratio),
        precision=precision,
        adapter_parameters=adapter,
    )


def check_plan(
    plan: Plan, config: TrainConfig, shape: ModelShape | None, data: Data, *, device: Device
) -> None:
    """Refuse a plan that cannot work.

    Raises:
        DoesNotFitError: with the settings that would fit, if there are any.
    """
    if plan.fits or shape is None:
        return
    raise DoesNotFitError(
        f"training {config.model_name} on {device.name}",
        needed_bytes=plan.needed_bytes,
        available_bytes=plan.available_bytes,
        proposal=propose(config, shape, data, device=device, memory=plan.available_bytes),
    )


def propose(
    config: TrainConfig, shape: ModelShape, data: Data, *, device: Device, memory: int
) -> dict[str, object]:
    """Return the mildest change of settings that fits, or an empty one.

    What costs no quality is tried first: checkpointing, then smaller batches with as much
    accumulation, then quantisation; only then shorter sequences and a smaller adapter.
    """
    changes: dict[str, object] = {}
    for change in _milder(config):
        changes.update(change)
        trial = config.replace(**changes)
        if make_plan(trial, shape, data, device=device, memory=memory).fits:
            return changes
    return {}


def _milder(config: TrainConfig) -> Iterator[dict[str, object]]:
    if not config.gradient_checkpointing:
        yield {"gradient_checkpointing": True}
    batch, accumulation = config.batch_size, config.gradient_accumulation_steps
    while batch > 1:
        accumulation, batch = math.ceil(accumulation * batch / (batch // 2)), batch // 2
        yield {"batch_size": batch, "gradient_accumulation_steps": accumulation}
    if not config.load_in_4bit:
        yield {"load_in_4bit": True}
    length = config.max_seq_length
    while length // 2 >= SMALLEST_LENGTH:
        length //= 2
        yield {"max_seq_length": length}
    rank = config.lora_r
    while rank // 2 >= SMALLEST_RANK:
        rank //= 2
        yield {"lora_r": rank}


def _sequences(config: TrainConfig, lengths: tuple[int, ...]) -> int:
    if not config.packing:
        return len(lengths)
    return len(pack(lengths, capacity=config.max_seq_length))


def _steps(config: TrainConfig, sequences: int, *, devices: int) -> int:
    if config.max_steps is not None:
        return config.max_steps
    batches = math.ceil(sequences / config.batch_size)
    batches = math.ceil(batches / devices)
    per_epoch = max(1, math.ceil(batches / config.gradient_accumulation_steps))
    return max(1, math.ceil(per_epoch * config.num_epochs))
