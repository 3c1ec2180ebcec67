"""What a caller is told when the store cannot do what was asked."""

from ..errors import StoreCeilingError, StoreCorruptError, StoreError
from .check import Refusal


def refusal_of(error: StoreError) -> Refusal:
    """Return the documented error object; where the store is stays the host's own business."""
    if isinstance(error, StoreCeilingError):
        return Refusal(507, "STORE_CEILING_REACHED", "the store has no room for more records")
    if isinstance(error, StoreCorruptError):
        return Refusal(503, "STORE_CORRUPT", "the store is damaged; its host has to repair it")
    return Refusal(503, "STORE_UNAVAILABLE", "the store cannot be used now; try again later")
