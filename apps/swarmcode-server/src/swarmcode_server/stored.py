"""Responses that a later request may go on from: in memory, bounded, each its owner's alone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from .errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Stored:
    """A response, and the conversation that it ends."""

    response: dict[str, Any]
    messages: list[dict[str, Any]]


class StoredResponses:
    """The latest responses; what was used longest ago is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Stored] = OrderedDict()

    def keep(self, owner: str, stored: Stored) -> None:
        """Keep a response."""
        self._kept[owner, stored.response["id"]] = stored
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def find(self, owner: str, name: str, *, param: str | None = None) -> Stored:
        """Return a response. Raises NotFoundError, also for another's."""
        stored = self._kept.get((owner, name))
        if stored is None:
            raise NotFoundError(
                f"there is no response {name!r} here; they are kept in memory, and not for ever",
                code="response_not_found",
                param=param,
            )
        self._kept.move_to_end((owner, name))
        return stored

    def forget(self, owner: str, name: str) -> None:
        """Forget a response. Raises NotFoundError."""
        self.find(owner, name)
        del self._kept[owner, name]
