"""The codec of pydantic models: canonical JSON inside, a JSON, YAML or TOML file outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, from_json

from ..errors import ContentError, LossyValueError
from ..problems import one_line
from .codec import Codec
from .formats import Format, JsonFormat
from .lossless import difference, fields_inside
from .resolving import require_resolved
from .unknown import find_unknown, put_back


class DocumentCodec(Codec[Any]):
    """Fields are stored under their names. Aliases are understood where they are unambiguous."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self._is_json = isinstance(form, JsonFormat)
        self.renders = not self._is_json

    def encoder(self, cls: type[Any], /) -> Callable[[Any], bytes]:
        """Pydantic's own serialiser: names not aliases, nothing computed, ASCII."""
        require_resolved(cls)
        encode: Callable[[Any], bytes] = partial(
            cls.__pydantic_serializer__.to_json,
            by_alias=False,
            round_trip=True,
            ensure_ascii=True,
            warnings=False,
        )
        return encode

    def encode(self, artifact: Any) -> bytes:
        """The canonical form of one artifact; an error names the field that has none."""
        try:
            return self.encoder(type(artifact))(artifact)
        except PydanticSerializationError as error:
            raise self.unserialisable(artifact, error) from error

    def decode(self, cls: type[Any], stored: bytes) -> Any:
        """Validate what is stored, without going through a constructor."""
        if not self._is_json:
            stored = json.dumps(self.form.load(stored)).encode()
        try:
            return cls.__pydantic_validator__.validate_json(
                stored, by_alias=cls.__worktree_aliases__, by_name=True
            )
        except ValidationError as error:
            raise _unreadable(cls, error) from error

    def adopt(self, artifact: Any, fresh: Any) -> None:
        """Replace the whole state, frozen or not, without running validators again."""
        for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__"):
            object.__setattr__(artifact, slot, getattr(fresh, slot))
        object.__setattr__(artifact, "__pydantic_private__", fresh.__pydantic_private__)

    def render(self, canonical: bytes, unknown: Any, before: bytes | None) -> bytes:
        """The file: the canonical form with the unknown keys put back, in the file's format."""
        if self._is_json and not unknown:
            return canonical
        data = from_json(canonical)
        if unknown:
            data = put_back(data, from_json(before) if before else None, unknown)
        return self.form.dump(data)

    def unknown_in(self, artifact: Any, stored: bytes) -> Any:
        """What the file holds that the model ignores."""
        return find_unknown(artifact, self.form.load(stored)) or None

    def suspects(
        self, cls: type[Any], artifacts: Sequence[Any], stored: Sequence[bytes]
    ) -> Iterable[int]:
        """Clear, in one go, everything whose fields come back equal."""
        if not self._is_json:
            return range(len(artifacts))
        has_extra = cls.model_config.get("extra") == "allow"
        read = cls.__pydantic_validator__.validate_json
        if cls.__worktree_has_aliases__:  # Without any, the shorter call means the same.
            read = partial(read, by_alias=cls.__worktree_aliases__, by_name=True)
        try:
            return [
                index
                for index, (artifact, form) in enumerate(zip(artifacts, stored, strict=True))
                if artifact.__dict__ != (back := read(form)).__dict__
                or (has_extra and artifact.__pydantic_extra__ != back.__pydantic_extra__)
            ]
        except ValidationError:
            return range(len(artifacts))

    def verify(self, artifact: Any, stored: bytes) -> None:
        """Read back what is about to be written, and compare."""
        cls = type(artifact)
        try:
            back = self.decode(cls, stored)
        except ContentError as error:
            raise LossyValueError(
                f"what it holds would not be readable: {error.problem}",
                hint="nothing was written; correct the value",
            ) from error
        lost = difference(artifact, back)
        if lost is not None:
            raise LossyValueError(lost, hint="nothing was written; correct the value or the type")

    def plain(self, canonical: bytes) -> Any:
        """The JSON data."""
        return from_json(canonical)

    def unserialisable(self, artifact: Any, error: PydanticSerializationError) -> LossyValueError:
        """The error for a value that has no JSON form, with the field that holds it."""
        for name in type(artifact).model_fields:
            try:
                type(artifact).__pydantic_serializer__.to_json(artifact, include={name})
            except PydanticSerializationError:
                return LossyValueError(
                    f"{name} cannot be stored: {error}", hint="give its type a serialiser"
                )
        return LossyValueError(f"it cannot be stored: {error}")


def aliases_are_clear(model: type[BaseModel]) -> bool:
    """Whether no alias of a field is the name of another one.

    Files hold names. If an alias were read first where it is another field's name, two fields
    would trade places; such a model is read by its names alone.
    """
    names = set(model.model_fields)
    for name, info in model.model_fields.items():
        alias = info.validation_alias if info.validation_alias is not None else info.alias
        if alias is None:
            continue
        heads = {alias} if isinstance(alias, str) else _heads(alias)
        if heads & (names - {name}):
            return False
    return True


def has_aliases(model: type[BaseModel]) -> bool:
    """Whether a field of the model, or of what is inside it, has an alias."""
    return any(
        info.alias is not None or info.validation_alias is not None
        for _, _, info in fields_inside(model, set())
    )


def _heads(alias: Any) -> set[str]:
    choices = getattr(alias, "choices", [alias])
    return {c if isinstance(c, str) else str(c.path[0]) for c in choices}


def _unreadable(cls: type[Any], error: ValidationError) -> ContentError:
    return ContentError(
        f"this is not a {cls.__name__}: {one_line(error, cls)}",
        hint="mend the file, or move it away to start afresh",
    )
