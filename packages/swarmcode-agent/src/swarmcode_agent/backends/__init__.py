"""Models behind one protocol: an endpoint, a model in this process, or a recorded trajectory."""

from .endpoint import EndpointBackend
from .model import (
    Completion,
    Event,
    Finished,
    Message,
    ModelBackend,
    Request,
    Sampling,
    Usage,
    complete,
)
from .replay import ReplayBackend
from .transformers_backend import TransformersBackend

__all__ = [
    "Completion",
    "EndpointBackend",
    "Event",
    "Finished",
    "Message",
    "ModelBackend",
    "ReplayBackend",
    "Request",
    "Sampling",
    "TransformersBackend",
    "Usage",
    "complete",
]
