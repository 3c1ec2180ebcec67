"""What a file holds that its model does not know.

A model that ignores extra fields would drop them at the next commit: a field that a newer
version of a program, or a person, put there. We keep them aside and write them back where they
were. A model that allows extra fields keeps them itself; one that forbids them refuses the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel


@dataclass(slots=True)
class Unknown:
    """The unknown keys of one JSON object, and of what is inside it by key or index."""

    keys: dict[str, Any] = field(default_factory=dict)
    inside: dict[str | int, Unknown] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.keys or self.inside)


def find_unknown(value: Any, raw: Any) -> Unknown:
    """Compare a value with the JSON that it was read from."""
    unknown = Unknown()
    is_model = isinstance(value, BaseModel) and isinstance(raw, dict)
    if is_model and value.model_config.get("extra") != "allow":
        names = _names(type(value))
        unknown.keys = {key: raw[key] for key in raw if key not in names}
    for key, inner, inner_raw in _pairs(value, raw):
        found = find_unknown(inner, inner_raw)
        if found:
            unknown.inside[key] = found
    return unknown


def _pairs(value: Any, raw: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """What is inside a value, each part with the JSON that it was read from."""
    if isinstance(value, list | tuple) and isinstance(raw, list) and len(value) == len(raw):
        yield from ((index, inner, raw[index]) for index, inner in enumerate(value))
    if not isinstance(raw, dict):
        return
    if isinstance(value, BaseModel):
        names = _names(type(value))
        yield from (
            (name, getattr(value, name, None), raw[key])
            for key, name in names.items()
            if name and key in raw
        )
    elif dataclasses.is_dataclass(value):
        names = {part.name: part.name for part in dataclasses.fields(value)}
        yield from ((name, getattr(value, name, None), raw[name]) for name in names if name in raw)
    elif isinstance(value, dict):
        yield from (
            (str(key), inner, raw[str(key)]) for key, inner in value.items() if str(key) in raw
        )


def _names(model: type[BaseModel]) -> dict[str, str]:
    """Every key that the model knows, as name or alias, with the field that it means."""
    names: dict[str, str] = dict.fromkeys(model.model_computed_fields, "")
    for name, info in model.model_fields.items():
        names[name] = name
        for alias in (info.alias, info.validation_alias, info.serialization_alias):
            for key in _alias_keys(alias):
                names.setdefault(key, name)
    return names


def _alias_keys(alias: str | AliasPath | AliasChoices | None) -> list[str]:
    if isinstance(alias, str):
        return [alias]
    if isinstance(alias, AliasPath):
        return [str(alias.path[0])]
    if isinstance(alias, AliasChoices):
        return [key for choice in alias.choices for key in _alias_keys(choice)]
    return []


def put_back(data: Any, before: Any, unknown: Unknown) -> Any:
    """The new data with the unknown keys where they were.

    Inside a list, an item that did not change is found again wherever it went; one that changed
    is taken to be at its old index, unless an unchanged item is there now. Keys of items that
    are gone go with them.
    """
    if isinstance(data, dict):
        earlier = before if isinstance(before, dict) else {}
        merged = {
            key: put_back(value, earlier.get(key), unknown.inside[key])
            if key in unknown.inside
            else value
            for key, value in data.items()
        }
        return {**{k: v for k, v in unknown.keys.items() if k not in data}, **merged}
    if isinstance(data, list):
        places = _places(data, before if isinstance(before, list) else [], unknown)
        return [
            put_back(value, before[places[i]], unknown.inside[places[i]]) if i in places else value
            for i, value in enumerate(data)
        ]
    return data


def _places(data: list[Any], before: list[Any], unknown: Unknown) -> dict[int, int]:
    """New index → old index, for the items that had unknown keys."""
    places: dict[int, int] = {}
    kept: set[int] = set()
    changed: list[int] = []
    for old, item in enumerate(before):
        new = next((i for i, value in enumerate(data) if i not in kept and value == item), None)
        if new is None:
            changed.append(old)
            continue
        kept.add(new)
        if old in unknown.inside:
            places[new] = old
    stayed = (old for old in changed if old in unknown.inside and old not in kept)
    return {**places, **{old: old for old in stayed if old < len(data)}}
