"""The classes that this process has decorated."""

from __future__ import annotations

from .record import CqrsRecord


class CqrsRegistry:
    """Records by kind and qualified name: reloading a module replaces, never duplicates."""

    __slots__ = ("_records",)

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], CqrsRecord] = {}

    def register(self, record: CqrsRecord) -> CqrsRecord:
        """Remember a record and give it back."""
        self._records[record.kind, record.qualname] = record
        return record

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()

    def all(self) -> list[CqrsRecord]:
        """Every record, in the order of decoration."""
        return list(self._records.values())

    def of_kind(self, kind: str) -> list[CqrsRecord]:
        """The records of one kind: command, query, event or handler."""
        return [record for record in self._records.values() if record.kind == kind]

    def by_context(self, context: str) -> list[CqrsRecord]:
        """The records of one bounded context."""
        return [record for record in self._records.values() if record.context == context]

    def contexts(self) -> list[str]:
        """The names of the contexts seen so far, sorted."""
        return sorted({record.context for record in self._records.values() if record.context})

    def summary(self) -> dict[str, int]:
        """How many records there are of each kind."""
        counts: dict[str, int] = {}
        for record in self._records.values():
            counts[record.kind] = counts.get(record.kind, 0) + 1
        return counts


_REGISTRY = CqrsRegistry()


def get_registry() -> CqrsRegistry:
    """The registry of this process."""
    return _REGISTRY


def reset_registry() -> None:
    """Empty the registry of this process; tests want this."""
    _REGISTRY.clear()
