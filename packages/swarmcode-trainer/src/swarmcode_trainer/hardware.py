"""What this machine can train on: the device, its memory, and the number format to use.

It looks and reports; it allocates nothing on a device and changes no setting.
"""

from dataclasses import dataclass
from typing import Literal

from .errors import MissingExtraError

DeviceKind = Literal["cuda", "mps", "cpu"]
Precision = Literal["bf16", "fp16", "fp32"]


@dataclass(frozen=True, slots=True)
class Device:
    """One place where tensors can live.

    Attributes:
        kind: the name that torch knows the device by.
        name: the name that a person knows it by.
        count: how many of them there are.
        memory_bytes: memory of one of them; None where only the system's memory bounds it.
        precision: the fastest number format that trains stably there.
    """

    kind: DeviceKind
    name: str
    count: int
    memory_bytes: int | None
    precision: Precision


def best_device() -> Device:
    """Return the device that training would use on this machine.

    Raises:
        MissingExtraError: torch is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("torch", extra="qlora") from error

    if torch.cuda.is_available():
        return Device(
            kind="cuda",
            name=torch.cuda.get_device_name(0),
            count=torch.cuda.device_count(),
            memory_bytes=torch.cuda.get_device_properties(0).total_memory,
            # Before Ampere bf16 is emulated: slower than fp16, and no more stable.
            precision="bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16",
        )
    if torch.backends.mps.is_available():
        # Half precision on MPS loses gradients in training; full precision does not.
        return Device(kind="mps", name="Apple GPU", count=1, memory_bytes=None, precision="fp32")
    return Device(
        kind="cpu",
        name=f"CPU, {torch.get_num_threads()} threads",
        count=1,
        memory_bytes=None,
        precision="fp32",
    )
