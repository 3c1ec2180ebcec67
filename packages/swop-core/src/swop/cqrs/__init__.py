"""Decorators that mark commands, queries, events and handlers, and the record of what they marked.

Nothing here imports anything but the standard library's smallest parts: these modules are
loaded by people's production services.
"""

from .decorators import command, event, handler, query
from .record import CqrsRecord
from .registry import CqrsRegistry, get_registry, reset_registry

__all__ = [
    "CqrsRecord",
    "CqrsRegistry",
    "command",
    "event",
    "get_registry",
    "handler",
    "query",
    "reset_registry",
]
