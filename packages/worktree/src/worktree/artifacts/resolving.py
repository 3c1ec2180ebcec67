"""Names in a model's annotations that pydantic could not resolve by itself.

Pydantic looks for a function's local names one frame up, and finds our metaclass there. So the
call stack is searched again, when the class is created and when it is mounted.
"""

from __future__ import annotations

from typing import ForwardRef

from pydantic import BaseModel
from pydantic.errors import PydanticUndefinedAnnotation

from ..errors import LayoutError
from ..layout.scopes import scope_of
from .lossless import parts


def resolve(model: type[BaseModel]) -> None:
    """Resolve what is defined by now."""
    if not model.__pydantic_complete__:
        model.model_rebuild(raise_errors=False, _types_namespace=scope_of(model))


def require_resolved(model: type[BaseModel]) -> None:
    """Resolve everything; raise LayoutError for a name that is still not defined."""
    if model.__pydantic_complete__:
        return
    try:
        model.model_rebuild(_types_namespace=scope_of(model))
    except PydanticUndefinedAnnotation as error:
        raise LayoutError(
            f"its annotation names {error.name!r}, which is not defined",
            path=f"{model.__qualname__}.{_field_with(str(error.name), model)}",
            hint="define or import it where the class is written, then mount again",
        ) from error


def _field_with(missing: str, model: type[BaseModel]) -> str:
    for name, info in model.model_fields.items():
        refs = (part for part in parts(info.annotation) if isinstance(part, ForwardRef | str))
        if any(missing in str(getattr(ref, "__forward_arg__", ref)) for ref in refs):
            return name
    return "?"
