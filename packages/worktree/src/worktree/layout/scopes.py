"""Where the names in a class's annotations mean something.

Python leaves annotations as objects (written plainly, up to 3.13), as text (with
`from __future__ import annotations`), or as code to run later (3.14). The text forms have to
be evaluated where they were written: in the class body, the functions and classes around it,
the module. Functions are found on the call stack, which has them while the class is created,
and often still when the tree is mounted.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FrameType, FunctionType
from typing import Any, get_type_hints

Scope = dict[str, Any]


def raw_annotations(cls: type) -> Mapping[str, Any]:
    """The annotations of this very class, without its bases; names may be unresolved."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def scope_of(cls: type) -> Scope:
    """What the names around a class mean right now, as far as the call stack tells."""
    scope: Scope = {}
    around = _enclosing(cls.__qualname__)
    for frame in reversed(list(_frames())):
        if frame.f_globals.get("__name__") == cls.__module__ and frame.f_code.co_qualname in around:
            scope.update(frame.f_locals)
    scope.update(vars(cls))
    return scope


def evaluate(cls: type, name: str, annotation: object, scope: Scope) -> Any:
    """What an annotation means; raises NameError where a name is not defined (yet)."""
    module = sys.modules.get(cls.__module__)
    holder = FunctionType((lambda: None).__code__, {})
    holder.__annotations__ = {name: annotation}
    hints = get_type_hints(
        holder, globalns=vars(module) if module else {}, localns=scope, include_extras=True
    )
    return hints[name]


def _enclosing(qualname: str) -> set[str]:
    """The qualified names of the functions and class bodies around a class."""
    parts = qualname.split(".")[:-1]
    names = {".".join(parts[: depth + 1]) for depth in range(len(parts))}
    return {name for name in names if not name.endswith("<locals>")}


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
