"""One training run, from a configuration to an adapter."""

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .._extras import extra
from ..config import TrainConfig
from ..errors import TrainingInterrupted
from .base import load_model, lora_config
from .checkpoints import RunRecord, choose_checkpoint, newest_checkpoint, step_of
from .prepare import Prepared, prepare
from .progress import Listener, MetricsFile, StepTimer
from .provenance import base_fingerprint, git_state, versions
from .quiet import quiet
from .results import METRICS_NAME, REPORT_NAME, save_adapter, serve_command, write_records
from .sft import Watch, build_trainer
from .stop import StopRequest


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What training came to.

    Attributes:
        adapter_path: the folder of the adapter.
        final_loss: the mean training loss over the last logged steps.
        steps: optimiser steps that were done.
        epochs: passes over the data.
        eval_loss: the loss on held-out rows with the adapter that was kept; None without any.
        base_eval_loss: the same before the first step.
        seconds: how long this part of the run took.
        report_path: the loss curves.
        serve_command: the line that serves the adapter with vLLM.
    """

    adapter_path: Path
    final_loss: float
    steps: int
    epochs: float
    eval_loss: float | None
    base_eval_loss: float | None
    seconds: float
    report_path: Path
    serve_command: str


def run_training(
    config: TrainConfig, *, resume: bool, listener: Listener, stop: StopRequest
) -> TrainResult:
    """Train, and write everything that a run leaves.

    Raises:
        TrainerError: see `swarmcode_trainer.errors`; what was complete before stays.
    """
    with quiet(), stop:
        return _run(config, resume=resume, listener=listener, stop=stop)


def _run(
    config: TrainConfig, *, resume: bool, listener: Listener, stop: StopRequest
) -> TrainResult:
    started = time.perf_counter()
    state = extra("accelerate").PartialState()
    ready = prepare(config)
    record = RunRecord.of(config, _hashes(ready), processes=state.num_processes)
    checkpoint = choose_checkpoint(config.checkpoints_dir, record, resume=resume)
    state.wait_for_everyone()  # nobody writes before everybody has looked
    metrics = None
    if state.is_main_process:
        record.write(config.checkpoints_dir)
        done = step_of(checkpoint) if checkpoint else 0
        metrics = MetricsFile(config.output_dir / METRICS_NAME, keep_until_step=done)
    try:
        trainer = _train(config, ready, checkpoint, listener, stop, metrics)
        return _finish(config, ready, trainer, seconds=time.perf_counter() - started)
    finally:
        if metrics is not None:
            metrics.close()


def _hashes(ready: Prepared) -> dict[str, str]:
    return {f"file {index}": value for index, value in enumerate(ready.hashes.values())}


def _train(
    config: TrainConfig,
    ready: Prepared,
    checkpoint: Path | None,
    listener: Listener,
    stop: StopRequest,
    metrics: MetricsFile | None,
) -> Any:
    extra("transformers").set_seed(config.seed)
    model = load_model(config, ready.how)

    def timed(seconds: float) -> None:
        if metrics is not None:
            expected = ready.plan.timed(seconds).seconds
            metrics.write(0, {"seconds_per_step": seconds, "expected_seconds": expected})

    trainer = build_trainer(
        config,
        ready.how,
        model=model,
        adapter=lora_config(config, model),
        tokenizer=ready.tokenizer,
        train=ready.train,
        held_out=ready.held_out,
        watch=Watch(StepTimer(), metrics, listener, stop, timed),
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if stop.wanted and trainer.state.global_step < trainer.state.max_steps:
        raise TrainingInterrupted(
            step=trainer.state.global_step, checkpoint=newest_checkpoint(config.checkpoints_dir)
        )
    return trainer


def _finish(config: TrainConfig, ready: Prepared, trainer: Any, *, seconds: float) -> TrainResult:
    history = trainer.state.log_history
    losses = [line["loss"] for line in history if "loss" in line]
    held_out = [line["eval_loss"] for line in history if "eval_loss" in line]
    outcome: dict[str, Any] = {
        "final_loss": losses[-1],
        "steps": trainer.state.global_step,
        "epochs": float(trainer.state.epoch),
        "eval_loss": _kept_loss(trainer, held_out),
        "base_eval_loss": held_out[0] if held_out else None,
        "seconds": seconds,
    }
    serve = serve_command(
        config.model_name, config.adapter_dir, rank=config.lora_r, dora=config.use_dora
    )
    record = _record(config, ready, trainer, outcome, serve)
    adapter = save_adapter(config, trainer, ready.tokenizer, record)
    if trainer.is_world_process_zero():
        write_records(config, record)
        shutil.rmtree(config.checkpoints_dir, ignore_errors=True)
    return TrainResult(
        adapter_path=adapter,
        report_path=config.output_dir / REPORT_NAME,
        serve_command=serve,
        **outcome,
    )


def _kept_loss(trainer: Any, held_out: list[float]) -> float | None:
    """The held-out loss of the adapter that was kept: the best one, or else the last."""
    best: float | None = trainer.state.best_metric if trainer.args.load_best_model_at_end else None
    return best if best is not None else held_out[-1] if held_out else None


def _record(
    config: TrainConfig, ready: Prepared, trainer: Any, outcome: dict[str, Any], serve: str
) -> dict[str, Any]:
    return {
        "config": config.to_dict(),
        "effective": asdict(ready.how),
        "processes": trainer.args.world_size,
        "seed": config.seed,
        "base": {
            "name": config.model_name,
            "fingerprint": base_fingerprint(Path(config.model_name)),
        },
        "data": {
            "hashes": ready.hashes,
            "trained": len(ready.train),
            "held_out": len(ready.held_out),
            "refused": len(ready.refused),
            "refused_lines": list(ready.refused[:100]),
            "dropped_context_files": ready.dropped_files,
        },
        "plan": asdict(ready.plan),
        "git": git_state(Path.cwd()),
        "versions": versions(),
        "result": outcome,
        "serve": serve,
    }
