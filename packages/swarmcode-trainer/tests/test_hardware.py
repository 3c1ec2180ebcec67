"""What the machine is said to be able to train on."""

import importlib.util
import subprocess
import sys

import pytest

from swarmcode_trainer import MissingExtraError, best_device

HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.mark.skipif(not HAS_TORCH, reason="needs the ml group: torch")
def test_the_device_can_hold_a_tensor_in_its_precision() -> None:
    """The device and the number format that are named really work together."""
    import torch

    device = best_device()
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[device.precision]
    tensor = torch.ones(4, 4, device=device.kind, dtype=dtype)
    assert (tensor @ tensor).sum().item() == 64
    assert device.count >= 1
    assert device.name


def test_without_torch_the_error_names_the_install_command() -> None:
    """Nothing is mocked in place of torch: the person is told what to install."""
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from swarmcode_trainer import best_device, MissingExtraError\n"
        "try: best_device()\n"
        "except MissingExtraError as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert "pip install 'swarmcode-trainer[qlora]'" in run.stdout


def test_the_error_carries_what_is_missing() -> None:
    """Programs need not parse the sentence."""
    error = MissingExtraError("torch", extra="qlora")
    assert (error.module, error.extra) == ("torch", "qlora")
