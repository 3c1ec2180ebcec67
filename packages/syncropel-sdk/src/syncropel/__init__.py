"""Content-addressed records: a client that loses nothing and never gets in the way."""

from .errors import SyncropelError

__all__ = ["SyncropelError"]
