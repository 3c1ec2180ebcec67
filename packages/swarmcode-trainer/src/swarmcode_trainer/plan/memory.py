"""How much memory training takes, by part.

Weights, adapter, gradients and optimiser are counted exactly. Activations are an estimate for
PyTorch's kernels with the loss computed in tiles (as trl does), and rounded up where it
depends on the kernel.
"""

from dataclasses import dataclass

from ..config import TrainConfig
from ..hardware import Precision
from .shape import ModelShape

GIB = 1024**3
BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}
RUNTIME = {"cuda": int(0.8 * GIB), "mps": int(0.5 * GIB), "cpu": int(0.6 * GIB)}
LOGIT_TILE_ROWS = 1024
BLOCK = 64  # weights that share one quantisation constant
BLOCK_OF_CONSTANTS = 256  # constants that share one constant of their own


@dataclass(frozen=True, slots=True)
class Part:
    """One use of memory."""

    name: str
    bytes: int


def quantised_bytes(weights: int, *, double: bool) -> int:
    """The size of 4-bit weights with their constants."""
    constants = weights / BLOCK
    per_constant = 1 + 4 / BLOCK_OF_CONSTANTS if double else 4
    return int(weights / 2 + constants * per_constant)


def memory_parts(
    shape: ModelShape,
    config: TrainConfig,
    *,
    device_kind: str,
    precision: Precision,
    longest: int | None = None,
) -> tuple[Part, ...]:
    """Return what each part of training takes on one device.

    Args:
        shape: the sizes of the base model.
        config: the settings.
        device_kind: "cuda", "mps" or "cpu".
        precision: the number format that is trained in.
        longest: tokens of the longest sample; the sequence length where it is not known.
    """
    width = BYTES[precision]
    length = config.max_seq_length if config.packing else longest or config.max_seq_length
    tokens = config.batch_size * min(length, config.max_seq_length)
    adapter = shape.adapter_parameters(
        rank=config.lora_r, targets=config.lora_target_modules, dora=config.use_dora
    )
    # Adapters of a quantised base follow the precision; others are kept in full.
    adapter_width = width if config.load_in_4bit and precision == "bf16" else 4
    moments = 2 if "8bit" in config.optimizer else 2 * adapter_width
    return (
        Part("base weights", _weights(shape, config, width)),
        Part("adapter", adapter * adapter_width),
        Part("gradients", adapter * adapter_width),
        Part("optimizer", adapter * moments),
        Part("activations", _activations(shape, config, tokens, width)),
        Part(
            "loss", LOGIT_TILE_ROWS * shape.vocabulary * 4 * 2 + 2 * tokens * shape.hidden * width
        ),
        Part("runtime", RUNTIME[device_kind]),
    )


def _weights(shape: ModelShape, config: TrainConfig, width: int) -> int:
    if not config.load_in_4bit:
        return shape.parameters * width
    small = quantised_bytes(shape.linear_parameters, double=config.bnb_4bit_use_double_quant)
    # While a layer computes, its weights exist once more, unquantised.
    unpacked = max(linear.weights for linear in shape.linears) * width
    return small + shape.other_parameters * width + unpacked


def _activations(shape: ModelShape, config: TrainConfig, tokens: int, width: int) -> int:
    attention = sum(linear.outputs for linear in shape.linears[:4])
    # Per token of one block: norms and residuals, attention's inputs and outputs, the MLP's
    # five intermediate results; with dropout, each adapted layer's dropped input and mask.
    per_token = 6 * shape.hidden + 2 * attention + 5 * shape.intermediate
    if config.lora_dropout > 0:
        adapted = shape.adapted(config.lora_target_modules)
        per_token += sum(linear.inputs for linear in adapted) * 3 // 2
    block = tokens * per_token * width
    if config.attention == "eager":
        block += 2 * tokens * config.max_seq_length * shape.heads * 4
    if not config.gradient_checkpointing:
        return shape.layers * block
    return shape.layers * tokens * shape.hidden * width + block
