"""Train a coding agent's adapter on one's own machine, and evaluate it by running the tests."""

from .errors import MissingExtraError, TrainerError
from .hardware import Device, best_device

__all__ = ["Device", "MissingExtraError", "TrainerError", "best_device"]
