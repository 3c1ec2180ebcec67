"""Find the contracts of a code base, write them down, and never let one break silently."""

from .errors import SwopError

__all__ = ["SwopError"]
