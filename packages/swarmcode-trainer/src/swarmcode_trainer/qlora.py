"""Fine-tune a base model on task → diff rows with QLoRA.

```python
from swarmcode_trainer.qlora import QLoRATrainer, TrainConfig

config = TrainConfig(model_name="your-model", lora_target_modules=["custom_module"])
result = QLoRATrainer(config).train()
```

It needs the extra: `pip install 'swarmcode-trainer[qlora]'`.
"""

from .config import TrainConfig
from .plan import Plan
from .presets import MODEL_PRESETS, Preset, get_preset
from .training import Listener, Progress, StopRequest, TrainResult, run_training
from .training.prepare import prepare
from .training.progress import ignore
from .training.quiet import quiet

__all__ = [
    "MODEL_PRESETS",
    "Listener",
    "Plan",
    "Preset",
    "Progress",
    "QLoRATrainer",
    "TrainConfig",
    "TrainResult",
    "get_preset",
]


class QLoRATrainer:
    """Trains an adapter for a base model.

    Args:
        config: what to train, on what, how.
        on_progress: told of every step and every line of metrics.
    """

    def __init__(self, config: TrainConfig, *, on_progress: Listener = ignore) -> None:
        self.config = config
        self._listener = on_progress
        self._stop = StopRequest()

    def plan(self) -> Plan:
        """Read the data and say what training will take; no weights are loaded.

        Raises:
            TrainerError: it cannot work; the error says what would.
        """
        with quiet():
            return prepare(self.config).plan

    def train(self, *, resume: bool = False) -> TrainResult:
        """Train, and write the adapter and everything about the run to `output_dir`.

        Args:
            resume: go on from the newest checkpoint; without one, begin.

        Raises:
            TrainingInterrupted: SIGINT, SIGTERM or `stop()`; a checkpoint was written.
            TrainerError: anything else that went wrong; see `swarmcode_trainer.errors`.
        """
        return run_training(self.config, resume=resume, listener=self._listener, stop=self._stop)

    def stop(self) -> None:
        """Ask a training that runs to stop after its step, with a checkpoint."""
        self._stop.request()
