"""The ASGI program: a kernel behind HTTP."""

from .program import Program
from .settings import ServerSettings

__all__ = ["Program", "ServerSettings"]
