"""What a decorator remembers of one class.

The class is hand-written rather than a dataclass: importing `dataclasses` costs a service
more time than everything else in this package together.
"""

from __future__ import annotations


class CqrsRecord:
    """One decorated class, found on it as `__swop_cqrs__`.

    `source_file` and `source_line` are looked up when they are first read: finding the line
    of a class means reading its file, which no service should pay for at import.
    """

    __slots__ = ("_source", "cls", "context", "emits", "handles", "kind", "module", "qualname")

    def __init__(
        self,
        kind: str,
        context: str,
        qualname: str,
        module: str,
        cls: type,
        source_file: str | None = None,
        source_line: int | None = None,
        emits: tuple[str, ...] = (),
        handles: str | None = None,
    ) -> None:
        self.kind = kind
        self.context = context
        self.qualname = qualname
        self.module = module
        self.cls = cls
        self.emits = emits
        self.handles = handles
        known = source_file is not None or source_line is not None
        self._source = (source_file, source_line) if known else None

    @property
    def source_file(self) -> str | None:
        """The file that defines the class; None where there is none, as in a REPL."""
        return self._located()[0]

    @property
    def source_line(self) -> int | None:
        """The first line of the class, decorators included; None where it cannot be told."""
        return self._located()[1]

    def _located(self) -> tuple[str | None, int | None]:
        if self._source is None:
            from ._source import locate

            self._source = locate(self.cls)
        return self._source

    def _identity(self) -> tuple[object, ...]:
        return (self.kind, self.context, self.qualname, self.cls, self.emits, self.handles)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CqrsRecord):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return (
            f"CqrsRecord(kind={self.kind!r}, context={self.context!r}, qualname={self.qualname!r}, "
            f"emits={self.emits!r}, handles={self.handles!r})"
        )
