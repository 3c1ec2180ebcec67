"""Fields as each library would see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from swop import EnumType, FieldDef, MessageType

from .projects import named, scan

HEAD = "from swop import command\n"


def fields(root: Path, text: str, **files: str) -> dict[str, FieldDef]:
    found = scan(root, {"ops.py": HEAD + text, **{f"{n}.py": t for n, t in files.items()}})
    assert found.errors == []
    return {field.name: field for field in named(found, "Make").fields}


def test_dataclass(tmp_path: Path) -> None:
    """ClassVar, InitVar, KW_ONLY and what is not annotated are no fields."""
    found = fields(
        tmp_path,
        """
import dataclasses as dc
from dataclasses import InitVar, dataclass, field, KW_ONLY
from typing import ClassVar as CV, Optional
@command("x")
@dataclass
class Make:
    LIMIT: CV[int] = 3
    seed: InitVar[int]
    plain = 4
    _hidden: int = 0
    number: int
    _: KW_ONLY
    note: str = "none"
    tags: list[str] = field(default_factory=list)
    extra: Optional[int] = None
    made: int = dc.field(init=False)
    other: "int | None"
""",
    )
    assert found == {
        "number": FieldDef("number", "int"),
        "note": FieldDef("note", "str", required=False, default="'none'"),
        "tags": FieldDef("tags", "list[str]", required=False, default="list()"),
        "extra": FieldDef("extra", "Optional[int]", False, True, "None"),
        "made": FieldDef("made", "int", required=False),
        "other": FieldDef("other", "int | None", False, True),
    }


def test_pydantic(tmp_path: Path) -> None:
    """`Field`, aliases and `Annotated` say what a field is called and whether it is needed."""
    found = fields(
        tmp_path,
        """
from typing import Annotated, ClassVar
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
@command("x")
class Make(BaseModel):
    model_config = ConfigDict(frozen=True)
    kinds: ClassVar[list[str]] = []
    number: int = Field(..., gt=0)
    name: str = Field(alias="fullName")
    size: Annotated[int, Field(default=3, alias="sz")]
    tags: list[str] = Field(default_factory=list)
    free: Annotated[str, "note"] = "x"
    secret: str = PrivateAttr()
""",
    )
    assert found == {
        "number": FieldDef("number", "int"),
        "name": FieldDef("name", "str", alias="fullName"),
        "size": FieldDef("size", "int", False, False, "3", "sz"),
        "tags": FieldDef("tags", "list[str]", False, False, "list()"),
        "free": FieldDef("free", "str", False, False, "'x'"),
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "import attr\n@command('x')\n@attr.s\nclass Make:\n"
            "    number = attr.ib(type=int)\n"
            "    note = attr.ib(default='n', type=str)\n    other = 3\n",
            id="attr.s",
        ),
        pytest.param(
            "from attrs import define, field\n@command('x')\n@define\nclass Make:\n"
            "    number: int\n    note: str = field(default='n')\n",
            id="define",
        ),
        pytest.param(
            "import msgspec\n@command('x')\nclass Make(msgspec.Struct):\n"
            "    number: int\n    note: str = msgspec.field(default='n')\n",
            id="msgspec",
        ),
        pytest.param(
            "@command('x')\nclass Make:\n    number: int\n    note: str = 'n'\n    LIMIT = 3\n",
            id="plain",
        ),
    ],
)
def test_other_libraries(tmp_path: Path, text: str) -> None:
    """attrs, msgspec and plain annotations give the same two fields."""
    assert fields(tmp_path, text) == {
        "number": FieldDef("number", "int"),
        "note": FieldDef("note", "str", False, False, "'n'"),
    }


def test_typed_dict(tmp_path: Path) -> None:
    """`total` and `Required` decide what is needed."""
    found = fields(
        tmp_path,
        "from typing import TypedDict, Required\n@command('x')\n"
        "class Make(TypedDict, total=False):\n    a: Required[int]\n    b: int\n",
    )
    assert [field.required for field in found.values()] == [True, False]


def test_inherited_fields_across_files(tmp_path: Path) -> None:
    """Ancestors' fields come first; a redefinition keeps its place."""
    found = fields(
        tmp_path,
        """
from dataclasses import dataclass
from kernel import Stamped as Base
@command("x")
@dataclass
class Make(Base):
    number: int
    author: str = "me"
""",
        kernel="""
from dataclasses import dataclass
class Mixin:
    ignored: int = 0
@dataclass
class Root:
    at: float
@dataclass
class Stamped(Root, Mixin):
    author: str
""",
    )
    assert list(found) == ["at", "author", "number"]
    assert found["author"].default == "'me'"


def test_types_are_canonical(tmp_path: Path) -> None:
    """Aliases are followed, `NewType` and `Annotated` unwrapped, module prefixes dropped."""
    found = fields(
        tmp_path,
        """
import datetime as dt, decimal, typing as t, uuid
from typing import Annotated, NewType, Literal
Id = NewType("Id", int)
Money = Annotated[decimal.Decimal, "EUR"]
Tags = t.Dict[str, t.List[Id]]
@command("x")
class Make:
    a: Id
    b: Money
    c: Tags
    d: dt.datetime
    e: t.Union[int, None, uuid.UUID]
    f: Literal["x", 'y']
    g: "t.Optional[Money]"
    h: t.Callable[[int], str]
    i: Final[int]
""",
    )
    assert {name: field.type for name, field in found.items()} == {
        "a": "int",
        "b": "Decimal",
        "c": "Dict[str, List[int]]",
        "d": "datetime",
        "e": "Union[int, None, UUID]",
        "f": "Literal['x', 'y']",
        "g": "Optional[Decimal]",
        "h": "Callable[[int], str]",
        "i": "int",
    }
    assert found["e"].nullable
    assert found["g"].nullable


def test_nested_types_and_enums(tmp_path: Path) -> None:
    """What a field uses is described once; a second class of one name is told by its module."""
    report = scan(
        tmp_path,
        {
            "other.py": "class Item:\n    word: int\n",
            "ops.py": """
                from swop import command
                from kinds import Item, Level, Word, Bit
                from other import Item as Second
                @command("x")
                class Make:
                    items: list[Item]
                    level: Level
                    word: Word
                    bits: Bit
                    second: Second
                    mine: "Make"
            """,
            "kinds.py": "from shapes import *\n",
            "shapes.py": SHAPES,
        },
    )
    make = named(report, "Make")
    assert [field.type for field in make.fields] == [
        "list[Item]",
        "Level",
        "Word",
        "Bit",
        "other.Item",
        "Make",
    ]
    types = {item.name: item for item in make.types}
    assert set(types) == {"Item", "Level", "Word", "Bit", "Color", "other.Item"}
    assert isinstance(types["Item"], MessageType)
    assert types["Item"].fields[1] == FieldDef("inner", "Item | None", False, True, "None")
    values = {
        name: [(value.name, value.value) for value in item.values]
        for name, item in types.items()
        if isinstance(item, EnumType)
    }
    assert values == {
        "Color": [("RED", "r"), ("BLUE", 1)],
        "Level": [("LOW", 1), ("HIGH", 2)],
        "Word": [("ONE", "one")],
        "Bit": [("A", 1), ("B", 2), ("C", 4)],
    }


SHAPES = """
    from dataclasses import dataclass
    from enum import Enum, IntEnum, StrEnum, Flag, auto
    class Color(Enum):
        RED = "r"
        BLUE = auto()
    class Level(IntEnum):
        LOW = auto()
        HIGH = auto()
    class Word(StrEnum):
        ONE = auto()
    class Bit(Flag):
        A = auto()
        B = auto()
        C = auto()
    @dataclass
    class Item:
        color: Color
        inner: "Item | None" = None
"""


def test_query_responses_and_emitted_events(tmp_path: Path) -> None:
    """A handler's answer describes the query; the events it constructs are what it emits."""
    report = scan(
        tmp_path,
        {
            "ops.py": """
                from dataclasses import dataclass
                from swop import command, event, handler, query
                @dataclass
                class Row:
                    id: int
                @query("x")
                class Find:
                    row: Row
                @event("x")
                class Found:
                    id: int
                @event("x", emits=[Found, "Later"])
                class Lost: ...
                @handler(Find)
                class Finder:
                    def handle(self, q: Find) -> list[Row]:
                        return self.bus.publish(Found(id=1)) or Lost.of(2) or Row(3)
            """
        },
    )
    find = named(report, "Find")
    assert find.response is not None
    assert (find.response.type, [f.name for f in find.response.fields]) == ("list[Row]", ["id"])
    assert named(report, "Finder").emits == ["Found", "Lost"]
    assert named(report, "Lost").emits == ["Found", "Later"]
    assert named(report, "Finder").target == "ops.Find"
    assert [ref.cls for ref in find.handlers] == ["Finder"]
