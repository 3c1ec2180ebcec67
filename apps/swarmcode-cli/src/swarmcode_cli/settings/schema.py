"""The JSON Schema of `swarmcode.yaml`, for editors that complete and check it."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from .load import GENERAL
from .sections import Field, Section

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(sections: Mapping[str, Section]) -> dict[str, Any]:
    """Return the schema: one object a section, every setting with its meaning and default."""
    properties = {
        name: _object(section) for name, section in sorted(sections.items()) if name != GENERAL
    }
    general = {name: _property(field) for name, field in sections[GENERAL].fields.items()}
    return {
        "$schema": DIALECT,
        "title": "swarmcode.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": {**general, **properties},
    }


def _object(section: Section) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "description": section.meaning,
        "additionalProperties": False,
        "properties": {name: _property(field) for name, field in section.fields.items()},
    }


def _property(field: Field) -> dict[str, Any]:
    from pydantic import TypeAdapter

    schema = TypeAdapter(field.type).json_schema()
    schema.pop("title", None)
    if field.meaning:
        schema["description"] = field.meaning
    default = plain(field.default)
    if default is not None:
        schema["default"] = default
    return schema


def plain(value: Any) -> Any:
    """Return a setting's value as JSON and YAML have it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.as_posix() if isinstance(value, PurePath) else str(value)
