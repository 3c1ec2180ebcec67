"""Transport: how sealed records reach a server, and what the answers mean."""

from .answers import Answer, Broken
from .blocking import BlockingSender
from .breaker import Breaker
from .engine import Engine
from .plan import BatchDoor, Call, Line, Pause, Plan, Renewed, deliver
from .results import EmitResult, Outcome, Verdict, result_of, spooled_result
from .retry import RetryPolicy, parse_retry_after
from .settings import Limits, Overflow, Settings

__all__ = [
    "Answer",
    "BatchDoor",
    "BlockingSender",
    "Breaker",
    "Broken",
    "Call",
    "EmitResult",
    "Engine",
    "Limits",
    "Line",
    "Outcome",
    "Overflow",
    "Pause",
    "Plan",
    "Renewed",
    "RetryPolicy",
    "Settings",
    "Verdict",
    "deliver",
    "parse_retry_after",
    "result_of",
    "spooled_result",
]
