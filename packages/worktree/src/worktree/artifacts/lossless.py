"""Whether a value survives storage: refused by its class where that is certain to fail, and
otherwise checked value by value, by reading back what is about to be written."""

from __future__ import annotations

import collections.abc
import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PlainSerializer, SecretBytes, SecretStr, WrapSerializer
from pydantic import Secret as PydanticSecret
from pydantic.fields import FieldInfo

from ..errors import LossyFieldError

_ONE_SHOT = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
)


def refuse_lossy(model: type[BaseModel]) -> None:
    """Raise LossyFieldError for the first field that is certain to lose data."""
    for owner, name, info in fields_inside(model, set()):
        reason = _reason(owner, name, info)
        if reason is not None:
            raise LossyFieldError(reason[0], path=f"{owner.__qualname__}.{name}", hint=reason[1])


def fields_inside(owner: type[Any], seen: set[type]) -> Iterator[tuple[type[Any], str, FieldInfo]]:
    """Every field of a class, and of the classes with fields inside it."""
    seen.add(owner)
    for name, info in _own_fields(owner).items():
        yield owner, name, info
        for part in parts(info.annotation):
            if isinstance(part, type) and part not in seen and _has_fields(part):
                yield from fields_inside(part, seen)


def _has_fields(cls: type[Any]) -> bool:
    """Models, dataclasses, named tuples and typed dictionaries."""
    if issubclass(cls, BaseModel) or dataclasses.is_dataclass(cls):
        return True
    return hasattr(cls, "_fields" if issubclass(cls, tuple) else "__required_keys__")


def _own_fields(cls: type[Any]) -> Mapping[str, FieldInfo]:
    known: Mapping[str, FieldInfo] | None = getattr(cls, "__pydantic_fields__", None)
    if known is not None:
        return known
    try:
        hints = get_type_hints(cls, include_extras=True)
    except (NameError, AttributeError, TypeError):  # Its values will be looked at instead.
        return {}
    return {name: FieldInfo.from_annotation(hint) for name, hint in hints.items()}


def parts(annotation: Any, seen: tuple[Any, ...] = ()) -> Iterator[Any]:
    """An annotation, everything in its brackets, and what the aliases in it stand for."""
    if any(annotation is known for known in seen):
        return
    yield annotation
    origin = get_origin(annotation)
    if origin is not None:
        yield origin
    stands_for = getattr(annotation if origin is None else origin, "__value__", None)
    inner = get_args(annotation) if stands_for is None else (*get_args(annotation), stands_for)
    for part in inner:
        yield from parts(part, (*seen, annotation))


def _reason(owner: type[Any], name: str, info: FieldInfo) -> tuple[str, str] | None:
    if info.exclude:
        return (
            "it is excluded from serialisation, so its value would be lost",
            "drop exclude=True, or make it a private attribute if it need not be stored",
        )
    if _has_serializer(owner, name, info):
        return None
    inside = list(parts(info.annotation))
    if any(isinstance(part, PlainSerializer | WrapSerializer) for part in inside):
        return None
    for part in inside:
        if isinstance(part, type) and issubclass(part, SecretStr | SecretBytes | PydanticSecret):
            return (
                f"a {part.__name__} is stored as asterisks, so its value would be lost",
                "give it a serialiser with @field_serializer, or keep the secret elsewhere",
            )
        if any(part is kind for kind in _ONE_SHOT):
            return "an iterator can be read only once, so its value would be lost", "use a list"
        if part is collections.abc.Callable:
            return "a function cannot be stored", "store a name and look it up"
    return None


def _has_serializer(owner: type[Any], name: str, info: FieldInfo) -> bool:
    if any(isinstance(part, PlainSerializer | WrapSerializer) for part in info.metadata):
        return True
    decorators = getattr(owner, "__pydantic_decorators__", None)
    if decorators is None:
        return False
    return bool(decorators.model_serializers) or any(
        name in found.info.fields or "*" in found.info.fields
        for found in decorators.field_serializers.values()
    )


def difference(ours: Any, back: Any, path: str = "") -> str | None:
    """Where and how a value differs from what came back; None where it is the same."""
    if isinstance(ours, BaseModel) and type(ours) is type(back):
        return _first(_content(ours), _content(back), path, ".")
    if dataclasses.is_dataclass(ours) and type(ours) is type(back):
        return _first(_parts_of(ours), _parts_of(back), path, ".")
    if isinstance(ours, dict) and isinstance(back, dict):
        return _first(ours, back, path, "")
    if isinstance(ours, list | tuple) and type(ours) is type(back) and len(ours) == len(back):
        return _first(dict(enumerate(ours)), dict(enumerate(back)), path, "")
    if _same_scalar(ours, back):
        return None
    return f"{path or 'it'} is {_shown(ours)}, and would come back as {_shown(back)}"


def _content(model: BaseModel) -> dict[str, Any]:
    """What a model holds: its fields and extra fields, without what it merely caches."""
    values = model.__dict__
    fields = {name: values[name] for name in type(model).model_fields if name in values}
    return {**fields, **(model.__pydantic_extra__ or {})}


def _parts_of(value: Any) -> dict[str, Any]:
    return {part.name: getattr(value, part.name, None) for part in dataclasses.fields(value)}


def _first(ours: dict[Any, Any], back: dict[Any, Any], path: str, dot: str) -> str | None:
    for key, value in ours.items():
        inner = (f"{path}.{key}" if path else str(key)) if dot else f"{path}[{key!r}]"
        if key not in back:
            return f"{inner} would not come back"
        found = difference(value, back[key], inner)
        if found is not None:
            return found
    extra = [key for key in back if key not in ours]
    return f"{path or 'it'} would come back with {extra[0]!r} added" if extra else None


def _same_scalar(ours: Any, back: Any) -> bool:
    if isinstance(ours, float) and isinstance(back, float) and math.isnan(ours):
        return math.isnan(back)
    try:
        return bool(ours == back)
    except (TypeError, ValueError):
        return False


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '…'} ({type(value).__name__})"
