"""Everything that is decided before the base model is loaded."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import TrainConfig
from ..dataset import AnyRow, Encoded, Sample, encode_rows, read_rows, split_rows
from ..errors import TooFewRowsError, TooLongError
from ..hardware import Device, best_device
from ..plan import Data, ModelShape, Plan, check_plan, make_plan
from .base import Effective, effective, load_shape, load_tokenizer
from .disk import check_room
from .provenance import file_hash
from .reporters import require_reporters


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run is about to do.

    Attributes:
        plan: what it will take.
        how: what the settings come to on this machine.
        tokenizer: the tokenizer, with its chat template.
        train: samples to learn from.
        held_out: samples to measure the loss on.
        refused: rows that did not fit, by line number.
        dropped_files: context files that were left out to make rows fit.
        hashes: the hash of every file of rows.
        shape: the sizes of the base; None where its family is unknown.
    """

    plan: Plan
    how: Effective
    tokenizer: Any
    train: tuple[Sample, ...]
    held_out: tuple[Sample, ...]
    refused: tuple[int, ...]
    dropped_files: int
    hashes: dict[str, str]
    shape: ModelShape | None


def prepare(config: TrainConfig) -> Prepared:
    """Read, tokenise and plan; refuse what cannot work.

    Raises:
        DatasetError: the rows cannot be used.
        ModelError: the base or its tokenizer cannot be used.
        DoesNotFitError: there is not enough memory or disk.
        MissingExtraError: a library is missing.
    """
    require_reporters(config)
    device = best_device()
    how = effective(config, device)
    rows, held_out_rows = _rows(config)
    shape = load_shape(config)
    tokenizer = load_tokenizer(config)
    train = encode_rows(rows, tokenizer, max_length=config.max_seq_length)
    held_out = encode_rows(held_out_rows, tokenizer, max_length=config.max_seq_length)
    _check_lengths(config, train, held_out)
    data = Data(tuple(len(sample) for sample in train.samples), held_out=len(held_out.samples))
    plan = make_plan(config, shape, data, device=_processes(device), memory=_memory(device))
    check_plan(plan, config, shape, data, device=device)
    if plan.adapter_parameters is not None:
        check_room(
            config.output_dir,
            trained=plan.adapter_parameters,
            checkpoints=config.save_total_limit,
        )
    return Prepared(
        plan=plan,
        how=how,
        tokenizer=tokenizer,
        train=train.samples,
        held_out=held_out.samples,
        refused=tuple(refused.line for refused in (*train.refused, *held_out.refused)),
        dropped_files=sum(sample.dropped_files for sample in train.samples),
        hashes={str(path): file_hash(path) for path in _files(config)},
        shape=shape,
    )


def _files(config: TrainConfig) -> tuple[Path, ...]:
    evaluation = (config.eval_dataset_path,) if config.eval_dataset_path else ()
    return (config.dataset_path, *evaluation)


def _rows(config: TrainConfig) -> tuple[tuple[AnyRow, ...], tuple[AnyRow, ...]]:
    rows = read_rows(config.dataset_path)
    if len(rows) < 2:
        raise TooFewRowsError(
            config.dataset_path,
            found=len(rows),
            needed=2,
            why="at least (a single row would only be learned by heart); run `swarmcode synth`",
        )
    if config.eval_dataset_path is not None:
        return rows, read_rows(config.eval_dataset_path)
    split = split_rows(rows, fraction=config.eval_fraction, seed=config.seed)
    return split.train, split.held_out


def _check_lengths(config: TrainConfig, train: Encoded, held_out: Encoded) -> None:
    refused = (*train.refused, *held_out.refused)
    total = len(refused) + len(train.samples) + len(held_out.samples)
    if not train.samples or len(refused) > config.max_refused_fraction * total:
        raise TooLongError(
            config.dataset_path,
            refused=len(refused),
            total=total,
            needed=max((row.needed for row in refused), default=0),
            limit=config.max_seq_length,
        )


def _processes(device: Device) -> Device:
    """The device, counted as many times as processes train: a lone process uses one."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    return Device(device.kind, device.name, count, device.memory_bytes, device.precision)


def _memory(device: Device) -> int:
    """Memory that one device has for training."""
    if device.memory_bytes is not None:
        return device.memory_bytes
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return pages // here
