"""What pydantic found wrong, in one line: its own text has many, and speaks in aliases."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

_SHOWN = 3


def one_line(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """The first problems, each with the field that it is about."""
    names = {} if model is None else _names(model)
    problems = [
        f"{_place(found['loc'], names)}{found['msg']}"
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more


def _names(model: type[BaseModel]) -> Mapping[str, str]:
    """The names of fields by their aliases."""
    return {
        str(info.validation_alias or info.alias): name for name, info in model.model_fields.items()
    }


def _place(location: tuple[int | str, ...], names: Mapping[str, str]) -> str:
    if not location:
        return ""
    head = str(location[0])
    return ".".join([names.get(head, head), *map(str, location[1:])]) + ": "
