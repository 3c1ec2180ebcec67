"""One page of a sorted result, made in one pass and in bounded memory. Pure."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from .query import sort_key
from .store import StoredRecord

_SLACK: Final = 1_000


class Page:
    """Counts everything it is given and keeps what can still be on the page."""

    def __init__(self, sort: Sequence[tuple[str, bool]], *, offset: int, limit: int) -> None:
        self._sort = sort
        self._offset = offset
        self._end = offset + limit
        self._kept: list[StoredRecord] = []
        self.matched = 0

    @property
    def capped(self) -> bool:
        """Whether there are matches after this page."""
        return self._end < self.matched

    def add(self, record: StoredRecord) -> None:
        """Take a match; matches arrive by ascending sequence."""
        self.matched += 1
        if self._sort:
            self._kept.append(record)
            if len(self._kept) > 2 * self._end + _SLACK:
                self._order()
                del self._kept[self._end :]
        elif self._offset < self.matched <= self._end:
            self._kept.append(record)

    def records(self) -> list[StoredRecord]:
        """Return the page."""
        if not self._sort:
            return self._kept
        self._order()
        return self._kept[self._offset : self._end]

    def _order(self) -> None:
        """Sort by the least significant field first; equal records stay in their sequence."""
        for name, descending in reversed(self._sort):
            self._kept.sort(key=partial(sort_key, field=name), reverse=descending)
