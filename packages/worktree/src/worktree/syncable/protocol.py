"""The life cycle that trees and their items share."""

from __future__ import annotations

from ..decorators import not_implemented


class Syncable:
    """Something in memory with a counterpart in storage."""

    @not_implemented
    def sync(self) -> None:
        """Take what is stored; what is not stored yet is initialised and written."""

    @not_implemented
    def commit(self) -> None:
        """Write what is in memory."""
