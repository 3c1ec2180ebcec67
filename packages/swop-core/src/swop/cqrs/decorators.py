"""`@command`, `@query`, `@event` and `@handler`: marks that change nothing at run time.

A decorator sets `__swop_cqrs__`, remembers the class in the registry and hands the same class
back. It reads no file and looks up no source line.
"""

from __future__ import annotations

from .record import CqrsRecord
from .registry import get_registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    T = TypeVar("T")


def command(
    context: str, *, emits: Iterable[str | type] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class as a command of a bounded context, which may emit the events named."""
    return _message("command", context, emits)


def query(
    context: str, *, emits: Iterable[str | type] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class as a query of a bounded context."""
    return _message("query", context, emits)


def event(
    context: str, *, emits: Iterable[str | type] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class as a domain event of a bounded context."""
    return _message("event", context, emits)


def handler(target: type | str, *, context: str | None = None) -> Callable[[type[T]], type[T]]:
    """Mark a class as the handler of a command, query or event, given as a class or by name.

    Without `context` the handler belongs to the context of its target.
    """
    if isinstance(target, str) and target:
        name, inherited = target, None
    elif isinstance(target, type):
        name, inherited = target.__name__, getattr(target, "__swop_cqrs__", None)
    else:
        raise TypeError(
            f"@handler requires a class or a non-empty name, not {target!r}: "
            "write @handler(IssueInvoice)"
        )
    if context is None:
        context = inherited.context if inherited is not None else ""

    def mark(cls: type[T]) -> type[T]:
        return _marked(cls, "handler", context, handles=name)

    return mark


def _message(
    kind: str, context: str, emits: Iterable[str | type] | None
) -> Callable[[type[T]], type[T]]:
    given: object = context  # people without a type checker pass anything
    if not isinstance(given, str) or not given:
        raise ValueError(
            f'@{kind} requires a non-empty context name, not {context!r}: write @{kind}("billing")'
        )
    names = tuple(_name_of(item) for item in emits or ())

    def mark(cls: type[T]) -> type[T]:
        return _marked(cls, kind, context, emits=names)

    return mark


def _name_of(item: str | type) -> str:
    return item if isinstance(item, str) else item.__name__


def _marked(
    cls: type[T],
    kind: str,
    context: str,
    *,
    emits: tuple[str, ...] = (),
    handles: str | None = None,
) -> type[T]:
    module = cls.__module__
    record = CqrsRecord(
        kind, context, f"{module}.{cls.__qualname__}", module, cls, emits=emits, handles=handles
    )
    get_registry().register(record)
    cls.__swop_cqrs__ = record  # type: ignore[attr-defined]
    return cls
