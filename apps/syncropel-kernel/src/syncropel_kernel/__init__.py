"""A local Syncropel server on SQLite, and the syncropel command."""

from .errors import KernelError

__all__ = ["KernelError"]
