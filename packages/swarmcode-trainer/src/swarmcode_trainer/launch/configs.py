"""How several processes train together, as configurations of accelerate.

Each is written as JSON, which accelerate reads as it reads YAML. A configuration describes
processes, sharding and number format; what is trained stays in `TrainConfig`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import LaunchError
from ..hardware import Precision

Strategy = Literal["ddp", "fsdp2", "zero2", "zero3"]
STRATEGIES: tuple[Strategy, ...] = ("ddp", "fsdp2", "zero2", "zero3")
MIXED = {"bf16": "bf16", "fp16": "fp16", "fp32": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The machines and processes of a job.

    Attributes:
        strategy: "ddp" copies the model to every device; "fsdp2", "zero2" and "zero3" share it.
        processes: over all machines, one a device.
        machines: how many machines take part.
        machine: which one this is, from 0.
        address: where machine 0 is reached by the others.
        port: where it listens.
        cpu: train on CPUs; only with "ddp".
    """

    strategy: Strategy = "ddp"
    processes: int = 1
    machines: int = 1
    machine: int = 0
    address: str = "127.0.0.1"
    port: int = 29500
    cpu: bool = False

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            raise LaunchError(f"strategy {self.strategy!r} is unknown; there are: {known}")
        if self.processes < 1 or self.machines < 1 or self.processes % self.machines:
            raise LaunchError(
                f"{self.processes} processes cannot be shared evenly by {self.machines} machines"
            )
        if not 0 <= self.machine < self.machines:
            raise LaunchError(
                f"machine {self.machine} is none of the {self.machines}; they count from 0"
            )
        if self.machines > 1 and self.address in ("127.0.0.1", "localhost", "::1"):
            raise LaunchError("several machines need the address of machine 0, not a loopback one")
        if not 1 <= self.port <= 65535:
            raise LaunchError(f"port {self.port} is not between 1 and 65535")
        if self.cpu and self.strategy != "ddp":
            raise LaunchError(f"{self.strategy} shares the memory of GPUs; on CPUs use ddp")


def accelerate_config(cluster: Cluster, *, precision: Precision) -> dict[str, object]:
    """Describe a cluster as accelerate reads it."""
    return {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": _distributed_type(cluster),
        "num_processes": cluster.processes,
        "num_machines": cluster.machines,
        "machine_rank": cluster.machine,
        "main_process_ip": cluster.address,
        "main_process_port": cluster.port,
        "rdzv_backend": "static",
        "same_network": True,
        "main_training_function": "main",
        "mixed_precision": MIXED[precision],
        "use_cpu": cluster.cpu,
        "debug": False,
        **_sharding(cluster),
    }


def _distributed_type(cluster: Cluster) -> str:
    if cluster.strategy == "fsdp2":
        return "FSDP"
    if cluster.strategy in ("zero2", "zero3"):
        return "DEEPSPEED"
    # On CPUs too: accelerate starts its "MULTI_CPU" through MPI only, and this through torchrun,
    # where each process finds no GPU and talks to the others by gloo.
    return "MULTI_GPU" if cluster.processes > 1 else "NO"


def _sharding(cluster: Cluster) -> Mapping[str, object]:
    if cluster.strategy == "fsdp2":
        return {
            "fsdp_config": {
                "fsdp_version": 2,
                "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
                "fsdp_reshard_after_forward": True,
                "fsdp_offload_params": False,
                "fsdp_cpu_ram_efficient_loading": True,
                "fsdp_state_dict_type": "FULL_STATE_DICT",
                # TrainConfig.gradient_checkpointing decides, in one place.
                "fsdp_activation_checkpointing": False,
            }
        }
    if cluster.strategy in ("zero2", "zero3"):
        stage = int(cluster.strategy[-1])
        return {
            "deepspeed_config": {
                "zero_stage": stage,
                "gradient_accumulation_steps": "auto",
                "gradient_clipping": "auto",
                "offload_optimizer_device": "none",
                "offload_param_device": "none",
                "zero3_init_flag": False,  # bitsandbytes quantises while loading, not after
                "zero3_save_16bit_model": stage == 3,
            }
        }
    return {}


def write_config(cluster: Cluster, path: Path, *, precision: Precision) -> Path:
    """Write the configuration, and return where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(accelerate_config(cluster, precision=precision), indent=2)
    path.write_text(text + "\n", encoding="utf-8")
    return path
