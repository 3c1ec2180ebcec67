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
from worktree.artifacts import Bytes, Json, Log, PydanticArtifact, Text, Toml, Yaml
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


class Event(BaseModel):
    what: str
    when: dt.datetime | None = None


class Note(Text, suffix=".md"):
    pass


class Everything(Worktree):
    note: Note
    blob: Bytes
    log: Log[Event]
    free: Log
    maybe: Loose | None
    by_name: dict[str, Loose]
    in_order: list[Note]


def test_text_bytes_and_logs(tmp_path: Path) -> None:
    """Are plain files, with their bytes as they are."""
    tree = mount(Everything, tmp_path)
    tree.note.text = "# title\r\nline\n"
    tree.blob.data = bytes(range(256))
    tree.log.append(Event(what="start"))
    tree.free.extend([1, "two", {"three": [3.0]}])
    tree.commit()
    assert (tmp_path / "note.md").read_bytes() == b"# title\r\nline\n"
    assert (tmp_path / "blob.bin").read_bytes() == bytes(range(256))
    assert (tmp_path / "log.jsonl").read_text() == '{"what":"start","when":null}\n'
    back = mount(Everything, tmp_path)
    assert back.note.value() == "# title\r\nline\n"
    assert back.blob == Bytes(bytes(range(256)))
    assert back.log.value() == [Event(what="start")]
    assert list(back.free) == [1, "two", {"three": [3.0]}]
    assert (len(back.free), back.free[-1], back.free[:1]) == (3, {"three": [3.0]}, [1])


def test_a_log_is_appended_to_and_not_rewritten(tmp_path: Path) -> None:
    """The file keeps its inode; the plan says append."""
    tree = mount(Everything, tmp_path)
    tree.free.append(1)
    tree.commit()
    before = (tmp_path / "free.jsonl").stat().st_ino
    tree.free.append(2)
    assert plan(tree).changes[0].action == "append"
    tree.commit()
    assert (tmp_path / "free.jsonl").stat().st_ino == before
    assert (tmp_path / "free.jsonl").read_text() == "1\n2\n"


def test_a_log_refuses_what_would_not_come_back() -> None:
    """When it is appended."""
    with pytest.raises(errors.LossyValueError, match="the entry"):
        Log([(1, 2)])
    with pytest.raises(errors.LossyValueError):
        Log[Event]([object()])


def test_two_writers_of_a_log_both_keep_their_entries(tmp_path: Path) -> None:
    """Theirs come first."""
    one, two = mount(Everything, tmp_path), mount(Everything, tmp_path)
    one.free.append("one")
    two.free.append("two")
    one.commit()
    two.commit()
    assert list(mount(Everything, tmp_path).free) == ["one", "two"]
    assert list(two.free) == ["one", "two"]


def test_optional_dict_and_list(tmp_path: Path) -> None:
    """Files come and go with what is in memory."""
    tree = mount(Everything, tmp_path)
    assert (tree.maybe, tree.by_name, tree.in_order) == (None, {}, [])
    tree.maybe = Loose(number=1)
    tree.by_name["ann"] = Loose(number=2)
    tree.by_name["łukasz"] = Loose(number=3)
    tree.in_order += [Note("a"), Note("b"), Note("c")]
    tree.commit()
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.glob("*/*.*"))
    assert names == [
        "by_name/ann.json",
        "by_name/łukasz.json",
        "in_order/000000.md",
        "in_order/000001.md",
        "in_order/000002.md",
    ]
    back = mount(Everything, tmp_path)
    assert back.maybe == Loose(number=1)
    assert {name: loose.number for name, loose in back.by_name.items()} == {"ann": 2, "łukasz": 3}
    assert [note.text for note in back.in_order] == ["a", "b", "c"]
    back.maybe = None
    del back.by_name["ann"]
    del back.in_order[0]
    back.commit()
    last = mount(Everything, tmp_path)
    assert last.maybe is None
    assert list(last.by_name) == ["łukasz"]
    assert [note.text for note in last.in_order] == ["b", "c"]
    tree.sync()
    assert (tree.maybe, list(tree.by_name)) == (None, ["łukasz"])


def test_initial_states_of_every_kind(tmp_path: Path) -> None:
    """Used where nothing is stored, and only then."""
    initial = {
        "note": "hello",
        "blob": b"x",
        "free": [1],
        "maybe": {"number": 1},
        "by_name": {"a": {"number": 2}},
        "in_order": ["one", "two"],
    }
    tree = mount(Everything, tmp_path, initial=initial)
    assert (tree.note.text, tree.blob.data, list(tree.free)) == ("hello", b"x", [1])
    assert tree.maybe is not None
    assert (tree.maybe.number, tree.by_name["a"].number) == (1, 2)
    assert [note.text for note in tree.in_order] == ["one", "two"]
    tree.by_name.clear()
    tree.commit()
    again = mount(Everything, tmp_path, initial=initial)
    assert again.by_name == {}
    assert [note.text for note in again.in_order] == ["one", "two"]


@pytest.mark.parametrize(
    ("initial", "says"),
    [
        pytest.param({"nope": 1}, "no field 'nope'", id="unknown"),
        pytest.param({"nots": "x"}, "did you mean 'note'", id="misspelt"),
        pytest.param({"maybe": {"numbr": 1}}, "did you mean 'number'", id="misspelt-inside"),
        pytest.param({"note": 5}, "is str, not int", id="text-of-int"),
        pytest.param({"by_name": [1]}, "is a dict, not list", id="dict-of-list"),
        pytest.param([1], "are a mapping", id="no-mapping"),
    ],
)
def test_initial_states_that_do_not_fit(tmp_path: Path, initial: Any, says: str) -> None:
    """Are refused before anything is written."""
    with pytest.raises(errors.InitialStateError, match=says):
        mount(Everything, tmp_path / "t", initial=initial)
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        pytest.param(lambda t: setattr(t, "note", None), "note", id="required-none"),
        pytest.param(lambda t: setattr(t, "note", Text("x")), "note", id="other-class"),
        pytest.param(lambda t: setattr(t, "note", "text"), "note", id="bare-value"),
        pytest.param(lambda t: setattr(t.note, "text", 5), "note", id="text-is-int"),
        pytest.param(lambda t: setattr(t.blob, "data", "x"), "blob", id="bytes-is-text"),
        pytest.param(lambda t: setattr(t, "by_name", []), "by_name", id="list-for-dict"),
        pytest.param(lambda t: t.by_name.update(x=None), "by_name['x']", id="none-in-dict"),
        pytest.param(lambda t: t.in_order.append(3), "in_order[0]", id="int-in-list"),
    ],
)
def test_a_tree_that_holds_the_wrong_thing(tmp_path: Path, spoil: Any, path: str) -> None:
    """Is refused at commit, naming the place, and nothing is written."""
    tree = mount(Everything, tmp_path)
    tree.free.append(1)
    spoil(tree)
    with pytest.raises(errors.LossyValueError) as caught:
        tree.commit()
    assert caught.value.path == path
    assert (tmp_path / "free.jsonl").read_text() == ""


def test_in_place_edits_are_noticed(tmp_path: Path) -> None:
    """Of nested lists, and of models inside them; and only what changed is written."""
    tree = mount(Everything, tmp_path)
    tree.by_name["a"] = Loose(anything=[[1]])
    tree.by_name["b"] = Loose()
    tree.commit()
    before = (tmp_path / "by_name/b.json").stat().st_ino
    tree.by_name["a"].anything[0].append(2)
    assert [change.path for change in plan(tree).changes] == ["by_name['a']"]
    tree.commit()
    assert mount(Everything, tmp_path).by_name["a"].anything == [[1, 2]]
    assert (tmp_path / "by_name/b.json").stat().st_ino == before
