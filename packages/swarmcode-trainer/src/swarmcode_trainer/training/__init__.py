"""A training run: what it is prepared from, how it runs, what it leaves."""

from .progress import Listener, Progress
from .run import TrainResult, run_training
from .stop import StopRequest

__all__ = ["Listener", "Progress", "StopRequest", "TrainResult", "run_training"]
