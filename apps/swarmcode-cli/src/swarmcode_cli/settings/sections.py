"""A section of the settings: the fields of a configuration class, with their types and meaning."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        name: its name in its section.
        type: what it may be, as an annotation.
        default: its value where nobody set it.
        meaning: what it is for, in a sentence.
    """

    name: str
    type: Any
    default: Any
    meaning: str


@dataclass(frozen=True, slots=True)
class Section:
    """The settings of one step.

    Attributes:
        name: as it stands in the file.
        meaning: what the section is about.
        fields: its settings by name.
        build: makes the library's configuration of the values, with what the pipeline decides.
    """

    name: str
    meaning: str
    fields: Mapping[str, Field]
    build: Callable[..., Any]


class Sections(Mapping[str, Section]):
    """Sections by name, each made when it is first asked for.

    Making one imports its library. A command that touches one section pays for one.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Section]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Section] = {}

    def __getitem__(self, name: str) -> Section:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def section_of(
    name: str,
    cls: type[Any],
    *,
    without: frozenset[str] = frozenset(),
    build: Callable[..., Any] | None = None,
) -> Section:
    """Make a section of a dataclass or a pydantic model; `without` are set by the pipeline."""
    meanings = dict(_meanings(cls.__doc__ or ""))
    types = get_type_hints(cls, include_extras=True)
    fields = {
        field: Field(field, types[field], default, meanings.get(field, ""))
        for field, default in _defaults(cls)
        if field not in without
    }
    return Section(name, _first_sentence(cls.__doc__ or ""), fields, build or cls)


def _defaults(cls: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each field with its default; None where it has to be given."""
    if dataclasses.is_dataclass(cls):
        for item in dataclasses.fields(cls):
            if item.default_factory is not dataclasses.MISSING:
                yield item.name, item.default_factory()
            else:
                yield item.name, None if item.default is dataclasses.MISSING else item.default
        return
    for name, info in cls.model_fields.items():
        yield name, None if info.is_required() else info.get_default(call_default_factory=True)


def _meanings(docstring: str) -> Iterator[tuple[str, str]]:
    """Read the `Attributes:` of a docstring: each name with its sentence."""
    _, _, attributes = docstring.partition("Attributes:")
    for name, text in re.findall(_ATTRIBUTE, attributes, re.MULTILINE | re.DOTALL):
        yield name, " ".join(text.split())


_ATTRIBUTE = r"^ {8}(\w+): (.*?)(?=^ {8}\w|\Z)"


def _first_sentence(docstring: str) -> str:
    return docstring.strip().split("\n\n", maxsplit=1)[0].replace("\n", " ")
