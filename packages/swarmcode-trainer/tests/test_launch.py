"""Several processes: configurations that accelerate takes, and a job with the same loss."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from swarmcode_trainer.errors import LaunchError
from swarmcode_trainer.launch import (
    STRATEGIES,
    Cluster,
    Strategy,
    accelerate_config,
    run_job,
    write_config,
    write_job,
)
from swarmcode_trainer.qlora import QLoRATrainer, TrainConfig
from swarmcode_trainer.training.progress import read_metrics


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("settings", [
    pytest.param({"strategy": "magic"}, id="unknown-strategy"),
    pytest.param({"processes": 0}, id="no-process"),
    pytest.param({"processes": 3, "machines": 2, "address": "a"}, id="uneven"),
    pytest.param({"processes": 2, "machines": 2, "machine": 2, "address": "a"}, id="machine"),
    pytest.param({"processes": 2, "machines": 2}, id="loopback-for-many"),
    pytest.param({"port": 0}, id="no-port"),
    pytest.param({"strategy": "fsdp2", "cpu": True}, id="sharding-on-cpu"),
])  # fmt: skip
def test_an_impossible_cluster_is_refused(settings: dict[str, object]) -> None:
    """With the reason, before anything is written."""
    with pytest.raises(LaunchError):
        Cluster(**settings)  # type: ignore[arg-type]


def test_what_a_strategy_cannot_share_is_refused(tmp_path: Path) -> None:
    """Not by a traceback on eight GPUs."""
    config = TrainConfig(output_dir=tmp_path, optimizer="paged_adamw_8bit")
    with pytest.raises(LaunchError, match="8-bit"):
        write_job(config, Cluster(strategy="zero3", processes=2), precision="bf16")
    with pytest.raises(LaunchError, match="bf16"):
        write_job(TrainConfig(output_dir=tmp_path), Cluster(strategy="fsdp2"), precision="fp16")


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_accelerate_reads_every_configuration(strategy: Strategy, tmp_path: Path) -> None:
    """Its own reader takes each key, and understands the same job."""
    from accelerate.commands.config.config_args import load_config_from_file

    cluster = Cluster(strategy=strategy, processes=4, machines=2, machine=1, address="10.0.0.1")
    path = write_config(cluster, tmp_path / "accelerate.json", precision="bf16")
    read = load_config_from_file(str(path))
    assert (read.num_processes, read.num_machines, read.machine_rank) == (4, 2, 1)
    assert (read.main_process_ip, read.mixed_precision) == ("10.0.0.1", "bf16")
    expected = {"ddp": "MULTI_GPU", "fsdp2": "FSDP", "zero2": "DEEPSPEED", "zero3": "DEEPSPEED"}
    assert str(read.distributed_type).rpartition(".")[2] == expected[strategy]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_accelerate_knows_every_setting_of_fsdp2_and_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt key would be ignored by it, silently; its launcher's options are the list."""
    from accelerate.commands.launch import launch_command_parser

    known = {action.dest for action in launch_command_parser()._actions}
    for strategy, section in (("fsdp2", "fsdp_config"), ("zero3", "deepspeed_config")):
        cluster = Cluster(strategy=strategy, processes=2)  # type: ignore[arg-type]
        config = accelerate_config(cluster, precision="bf16")
        assert set(config[section]) <= known  # type: ignore[call-overload]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_two_processes_get_the_loss_of_one(base: Path, rows_file: Path, tmp_path: Path) -> None:
    """The same data, order and effective batch: each step's loss agrees, and so does the end."""
    config = TrainConfig(
        model_name=str(base), dataset_path=rows_file, output_dir=tmp_path / "one",
        load_in_4bit=False, lora_r=4, lora_dropout=0.0, max_steps=4, batch_size=2,
        gradient_accumulation_steps=2, learning_rate=1e-2, max_seq_length=512, logging_steps=1,
        eval_fraction=0.0, gradient_checkpointing=False,
    )  # fmt: skip
    alone = QLoRATrainer(config).train()
    shared = config.replace(output_dir=tmp_path / "two", gradient_accumulation_steps=1)
    cluster = Cluster(processes=2, cpu=True, port=free_port())
    job = write_job(shared, cluster, precision="fp32")
    run_job(job, environment={**os.environ, "OMP_NUM_THREADS": "1"})

    def losses(folder: Path) -> list[float]:
        lines = read_metrics(folder / "metrics.jsonl")
        return [float(str(line["loss"])) for line in lines if "loss" in line]

    assert losses(shared.output_dir) == pytest.approx(losses(config.output_dir), abs=1e-5)
    assert len(losses(shared.output_dir)) == 4
    record = json.loads((shared.adapter_dir / "training_config.json").read_text())
    assert record["processes"] == 2
    assert record["plan"]["steps"] == alone.steps == 4
    assert (shared.adapter_dir / "adapter_model.safetensors").is_file()


@pytest.mark.torch
def test_a_process_says_one_line_and_its_exit_code(tmp_path: Path) -> None:
    """A bad file is no traceback."""
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"dataset_path": str(tmp_path / "none")}))
    run = subprocess.run(
        [sys.executable, "-m", "swarmcode_trainer.launch", str(path)],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "none: no such file" in run.stderr
