"""How well an adapter's base, and the adapter, foresee answers that neither has seen.

A model that solves nothing can still have learned something: the loss of each held-out answer,
with and without the adapter, row by row, says so. It does not say that the answers are right.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarmcode_trainer import best_device
from swarmcode_trainer.adapter import check_base, load_adapter, read_adapter
from swarmcode_trainer.dataset import Sample, encode_rows, read_rows
from swarmcode_trainer.errors import TooFewRowsError
from swarmcode_trainer.eval import compare
from swarmcode_trainer.qlora import TrainConfig
from swarmcode_trainer.training.base import effective, load_model, load_tokenizer
from swarmcode_trainer.training.quiet import quiet

from .. import digests
from ..progress import Sign, Tell
from ..project import HeldOut
from .train import adapter_digest


@dataclass(frozen=True, slots=True)
class Losses:
    """The mean loss of an answer's tokens, for each row in order."""

    base: tuple[float, ...]
    adapter: tuple[float, ...]


def held_out_loss(config: TrainConfig, folder: Path, rows: Path, tell: Tell) -> HeldOut:
    """Measure both on every row, and compare them row by row.

    Raises:
        TrainerError: the rows, the base or the adapter cannot be used.
    """
    with quiet():
        losses = _measure(config, folder, rows, tell)
    names = [str(number) for number in range(len(losses.base))]
    found = compare(
        dict(zip(names, losses.base, strict=True)),
        dict(zip(names, losses.adapter, strict=True)),
        seed=config.seed,
    )
    return HeldOut(
        adapter=adapter_digest(folder) or "",
        dataset=digests.of_file(rows),
        rows=len(names),
        base_loss=sum(losses.base) / len(names),
        adapter_loss=sum(losses.adapter) / len(names),
        difference=found.difference,
        low=found.low,
        high=found.high,
    )


def _measure(config: TrainConfig, folder: Path, rows: Path, tell: Tell) -> Losses:
    adapter = read_adapter(folder)
    check_base(adapter, config.model_name)
    tokenizer = load_tokenizer(config)
    samples = encode_rows(read_rows(rows), tokenizer, max_length=config.max_seq_length).samples
    if not samples:
        raise TooFewRowsError(rows, found=0, needed=1, why="that fits into max_seq_length")
    model = load_adapter(load_model(config, effective(config, best_device())), adapter)
    with_adapter, without = [], []
    for number, sample in enumerate(samples, start=1):
        with_adapter.append(_loss(model, sample))
        with model.disable_adapter():
            without.append(_loss(model, sample))
        tell(Sign("losses of held-out answers", number, len(samples)))
    return Losses(tuple(without), tuple(with_adapter))


def _loss(model: Any, sample: Sample) -> float:
    import torch

    ids = torch.tensor([sample.input_ids], device=model.device)
    labels = torch.tensor([sample.labels], device=model.device)
    with torch.no_grad():
        return float(model(input_ids=ids, labels=labels).loss)
