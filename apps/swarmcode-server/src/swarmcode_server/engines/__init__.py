"""What answers: a model in this process, or upstream servers, behind one protocol."""

from .ask import Ask, ResponseFormat, Sampling, ToolChoice
from .choice import Token
from .delta import CallDelta, Delta, Ended, TextDelta, TokenLogprob, Usage
from .engine import AdapterHost, Engine, Model
from .local import LocalEngine, Prepared, TokenSource

__all__ = [
    "AdapterHost",
    "Ask",
    "CallDelta",
    "Delta",
    "Ended",
    "Engine",
    "LocalEngine",
    "Model",
    "Prepared",
    "ResponseFormat",
    "Sampling",
    "TextDelta",
    "Token",
    "TokenLogprob",
    "TokenSource",
    "ToolChoice",
    "Usage",
]
