"""Settings for the three sizes of base model that most people train, with the memory they need.

The memory classes are the published ones. `swarmcode_trainer.plan` computes what a given
dataset and machine really come to.
"""

from dataclasses import dataclass

from .config import TrainConfig
from .errors import ConfigError
from .plan.shape import ModelShape


@dataclass(frozen=True, slots=True)
class Preset:
    """A base model, the batch that suits it, and the class of GPU that it wants.

    Attributes:
        model_name: the base model's name on the hub.
        batch_size: sequences on one device at a time.
        gradient_accumulation_steps: batches that make one optimiser step.
        memory_gb: the memory class of the GPU, in GB.
        shape: the sizes of the model, so that a plan needs neither network nor torch.
    """

    model_name: str
    batch_size: int
    gradient_accumulation_steps: int
    memory_gb: int
    shape: ModelShape

    def config(self, **settings: object) -> TrainConfig:
        """Return a configuration for this base; given settings override the preset's."""
        preset: dict[str, object] = {
            "model_name": self.model_name,
            "batch_size": self.batch_size,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
        return TrainConfig.from_dict({**preset, **settings})


def _qwen(hidden: int, intermediate: int, layers: int, heads: int, kv_heads: int) -> ModelShape:
    return ModelShape(
        vocabulary=152064,
        hidden=hidden,
        intermediate=intermediate,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        attention_bias=True,
    )


MODEL_PRESETS: dict[str, Preset] = {
    "qwen-7b": Preset("Qwen/Qwen2.5-Coder-7B-Instruct", 4, 4, 16, _qwen(3584, 18944, 28, 28, 4)),
    "qwen-14b": Preset("Qwen/Qwen2.5-Coder-14B-Instruct", 2, 8, 24, _qwen(5120, 13824, 48, 40, 8)),
    "qwen-32b": Preset("Qwen/Qwen2.5-Coder-32B-Instruct", 1, 16, 48, _qwen(5120, 27648, 64, 40, 8)),
}


def get_preset(name: str) -> Preset:
    """Return a preset by its name.

    Raises:
        ConfigError: there is none of that name; the error lists those there are.
    """
    try:
        return MODEL_PRESETS[name]
    except KeyError:
        known = ", ".join(MODEL_PRESETS)
        raise ConfigError("preset", name, f"must be one of {known}") from None
