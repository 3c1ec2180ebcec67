"""Where a class is written: asked for rarely, therefore imported late."""

from __future__ import annotations

import inspect


def locate(cls: type) -> tuple[str | None, int | None]:
    """Return the file and first line of a class, with None for what cannot be told."""
    try:
        file = inspect.getsourcefile(cls)
    except (TypeError, OSError):
        return None, None
    line = getattr(cls, "__firstlineno__", None)  # Python 3.13 remembers it
    if line is None:
        try:
            line = inspect.getsourcelines(cls)[1]
        except (TypeError, OSError):
            line = None
    return file, line
