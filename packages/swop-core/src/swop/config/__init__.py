"""`swop.yaml`: what it may say, and how it is read."""

from .load import load_config
from .model import (
    BoundedContextConfig,
    BusConfig,
    ReadModelConfig,
    ResolveConfig,
    SwopConfig,
)

__all__ = [
    "BoundedContextConfig",
    "BusConfig",
    "ReadModelConfig",
    "ResolveConfig",
    "SwopConfig",
    "load_config",
]
