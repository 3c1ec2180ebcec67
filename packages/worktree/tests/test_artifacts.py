"""Artifact kinds: what comes back is what was put in, or it is refused by name."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    computed_field,
    field_validator,
)

from worktree import Worktree, errors, mount, plan
from worktree.artifacts import Json, PydanticArtifact, Toml, Yaml
from worktree.storage import MemoryStorage, Put, Selection

from .samples import model


class Colour(Enum):
    RED = "red"


class Inner(BaseModel):
    x: int = 1
    when: dt.date = dt.date(2020, 2, 29)


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str = "Rex"


FIELDS: dict[str, Any] = {
    "text": (str, "zażółć \u2028 \U0001f40d \x00 - : # ' \""),
    "number": (int, 2**70),
    "ratio": (float, 0.1),
    "flag": (bool, False),
    "inner": (Inner, Inner(x=2)),
    "inners": (list[Inner], [Inner(), Inner(x=3)]),
    "by_name": (dict[str, Inner], {"a b": Inner(), "ü": Inner(x=4)}),
    "by_number": (dict[int, str], {1: "one", -2: "two"}),
    "pair": (tuple[int, str], (1, "a")),
    "several": (set[int], {1, 2, 3}),
    "day": (dt.date, dt.date(1999, 12, 31)),
    "moment": (dt.datetime, dt.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=dt.UTC)),
    "span": (dt.timedelta, dt.timedelta(days=1, microseconds=3)),
    "amount": (Decimal, Decimal("1.10")),
    "id": (uuid.UUID, uuid.UUID(int=5)),
    "colour": (Colour, Colour.RED),
    "path": (Path, Path("a/b")),
    "point": (Point, Point(1, 2.5)),
    "pet": (Cat | Dog, Dog(name="Ada")),
    "tagged": (Annotated[Cat | Dog, Field(discriminator="kind")], Cat(lives=3)),
    "either": (int | str, "5"),
}


@pytest.mark.parametrize("base", [Json, Yaml, Toml], ids=["json", "yaml", "toml"])
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in FIELDS])
def test_a_round_trip_loses_nothing(base: type[PydanticArtifact], name: str) -> None:
    """Types and values come back as they were, through each format."""
    sample = model(base, {name: FIELDS[name]})
    tree_class = type("T", (Worktree,), {"__annotations__": {"a": sample}, "__module__": __name__})
    storage = MemoryStorage()
    value = FIELDS[name][1]
    mount(tree_class, storage, initial={"a": {name: value}})
    back = getattr(mount(tree_class, storage).a, name)  # type: ignore[attr-defined]
    assert back == value
    assert type(back) is type(value)
    again = mount(tree_class, storage)
    again.commit()
    assert not plan(again)


def test_special_models() -> None:
    """Aliases, computed, frozen, extra fields; all on a second mount."""

    class Special(Json):
        model_config = ConfigDict(frozen=True, extra="allow")

        name: str = Field(default="x", alias="Name")
        number: int = Field(default=1, validation_alias="num", serialization_alias="n")

        @computed_field  # type: ignore[prop-decorator]
        @property
        def shout(self) -> str:
            return self.name.upper()

    class Tree(Worktree):
        special: Special

    storage = MemoryStorage()
    tree = mount(Tree, storage)
    tree.special = Special(Name="y", num=5, more=[1])  # type: ignore[call-arg]
    tree.commit()
    assert json.loads(read(storage, "special.json")) == {"name": "y", "number": 5, "more": [1]}
    back = mount(Tree, storage).special
    assert (back.name, back.number, back.more, back.shout) == ("y", 5, [1], "Y")  # type: ignore[attr-defined]


def read(storage: Any, key: str) -> bytes:
    found: bytes = storage.read(Selection(objects=(key,))).objects[key].data
    return found


def test_aliases_that_trade_places() -> None:
    """A model whose aliases are other fields' names is read by its names."""

    class Swapped(Json):
        a: int = Field(default=1, alias="b")
        b: int = Field(default=2, alias="a")

    class Tree(Worktree):
        swapped: Swapped

    storage = MemoryStorage()
    mount(Tree, storage, initial={"swapped": {"a": 10, "b": 20}})
    back = mount(Tree, storage).swapped
    assert (back.a, back.b) == (10, 20)


def test_a_file_written_with_aliases_is_understood() -> None:
    """By hand, or by another program."""

    class Aliased(Json):
        name: str = Field(default="", alias="Name")

    class Tree(Worktree):
        aliased: Aliased

    storage = MemoryStorage()
    storage.apply([Put("aliased.json", b'{"Name": "by hand"}')], {})
    tree = mount(Tree, storage)
    assert tree.aliased.name == "by hand"
    tree.aliased.name = "changed"
    tree.commit()
    assert mount(Tree, storage).aliased.name == "changed"


def test_forbidden_extra_fields_are_refused() -> None:
    """As the model says; the file stays as it is."""

    class Strict(Json):
        model_config = ConfigDict(extra="forbid")
        x: int = 0

    class Tree(Worktree):
        strict: Strict

    storage = MemoryStorage()
    storage.apply([Put("strict.json", b'{"x":1,"y":2}')], {})
    with pytest.raises(errors.ContentError, match="y: Extra inputs are not permitted"):
        mount(Tree, storage)


def test_unknown_fields_stay_in_the_file() -> None:
    """What a model ignores is written back where it was, in nested objects and lists, too."""

    class Part(BaseModel):
        x: int = 0

    class Whole(Json):
        a: int = 0
        part: Part = Part()
        parts: list[Part] = Field(default_factory=list)

    class Tree(Worktree):
        whole: Whole

    stored = {
        "new": "top",
        "a": 1,
        "part": {"x": 1, "new": "inner"},
        "parts": [{"x": 1, "new": 1}, {"x": 2}, {"x": 3, "new": 3}],
    }
    storage = MemoryStorage()
    storage.apply([Put("whole.json", json.dumps(stored, indent=2).encode())], {})
    tree = mount(Tree, storage)
    assert not plan(tree)
    tree.whole.a = 2
    tree.whole.part.x = 9
    del tree.whole.parts[1]
    tree.whole.parts.insert(0, Part(x=0))
    tree.commit()
    assert json.loads(read(storage, "whole.json")) == {
        "new": "top",
        "a": 2,
        "part": {"x": 9, "new": "inner"},
        "parts": [{"x": 0}, {"x": 1, "new": 1}, {"x": 3, "new": 3}],
    }


class Loose(Json):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    number: int = 0
    ratio: float = 0.0
    anything: Any = None
    base: Inner = Inner()
    doubled: int = 0

    @field_validator("doubled")
    @classmethod
    def double(cls, value: int) -> int:
        return value * 2


class LooseTree(Worktree):
    loose: Loose


class Sub(Inner):
    more: int = 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("number", "5", id="text-for-int"),
        pytest.param("number", "x", id="unreadable"),
        pytest.param("anything", (1, 2), id="tuple-in-any"),
        pytest.param("anything", {1: 2}, id="int-key-in-any"),
        pytest.param("anything", Inner(), id="model-in-any"),
        pytest.param("anything", object(), id="no-serialiser"),
        pytest.param("anything", b"\xff", id="bytes-not-utf8"),
        pytest.param("anything", "\ud800", id="lone-surrogate"),
        pytest.param("base", Sub(), id="subclass"),
        pytest.param("doubled", 3, id="validator-that-changes"),
    ],
)
def test_a_value_that_would_not_come_back_is_refused(field: str, value: object) -> None:
    """At commit, naming the field, before anything is written."""
    storage = MemoryStorage()
    tree = mount(LooseTree, storage)
    before = read(storage, "loose.json")
    tree.loose.number = 1
    setattr(tree.loose, field, value)
    with pytest.raises(errors.LossyValueError) as caught:
        tree.commit()
    assert field in str(caught.value)
    assert caught.value.path == "loose"
    assert read(storage, "loose.json") == before


def test_infinities_and_nan() -> None:
    """Come back, although JSON has none."""
    storage = MemoryStorage()
    tree = mount(LooseTree, storage)
    tree.loose.ratio = float("-inf")
    tree.commit()
    assert mount(LooseTree, storage).loose.ratio == float("-inf")
    tree.loose.ratio = float("nan")
    tree.commit()
    back = mount(LooseTree, storage).loose.ratio
    assert back != back
