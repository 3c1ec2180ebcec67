"""Markers for methods that a kind of item does not have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from .errors import UnreachableActionError

UnreachableWorktreeAction = UnreachableActionError
F = TypeVar("F", bound=Callable[..., Any])


def not_implemented(f: F) -> F:
    """Mark a hook that a subclass may implement; calling it raises NotImplementedError.

    That error is part of the published interface: a marker for subclasses, nothing unfinished.
    """

    @functools.wraps(f)
    def refuse(self: object, *_args: object, **_more: object) -> NoReturn:
        raise NotImplementedError(
            f"Method {f.__name__!r} of {type(self).__name__} instance is not implemented"
        )

    return refuse  # type: ignore[return-value]


def unreachable_worktree_action(since: str) -> Callable[[F], F]:
    """Mark a hook that is never reached, and say since what; it raises when called anyway."""

    def decorate(f: F) -> F:
        @functools.wraps(f)
        def refuse(*_args: object, **_more: object) -> NoReturn:
            raise UnreachableActionError(f"Method {f.__name__!r} is unreachable since {since}.")

        refuse.__doc__ = f"Unreachable method since {since}.\n\n:raise UnreachableWorktreeAction:"
        return refuse  # type: ignore[return-value]

    return decorate
