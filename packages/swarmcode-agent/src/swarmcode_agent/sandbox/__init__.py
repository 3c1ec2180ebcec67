"""Commands behind walls: a ladder of ways to isolate them, limits, and typed results."""

from .allowlist import DEFAULT_COMMANDS, Allowlist, Command
from .ladder import Status, in_force, ladder, report
from .policy import Limits, Policy
from .result import Ended, Output, Result, Rung
from .sandbox import Sandbox, UnisolatedWarning

__all__ = [
    "DEFAULT_COMMANDS",
    "Allowlist",
    "Command",
    "Ended",
    "Limits",
    "Output",
    "Policy",
    "Result",
    "Rung",
    "Sandbox",
    "Status",
    "UnisolatedWarning",
    "in_force",
    "ladder",
    "report",
]
