"""Annotations become a layout, however and wherever they are written."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, ClassVar, Optional

import pytest
from pydantic import BaseModel

from worktree import LayoutAnchor, Worktree, errors, mount
from worktree.artifacts import Json, Log, Text
from worktree.contract import get_worktree_items
from worktree.layout import layout_of


class Item(Json):
    number: int = 0


def fields(cls: type) -> list[tuple[str, type, str, bool]]:
    return [(field.name, field.type, field.many, field.optional) for field in layout_of(cls)]


def test_every_form_of_annotation() -> None:
    """Plain, optional, dict, list, annotated, parametrised; ClassVar and _private are not ours."""

    class Tree(Worktree):
        plain: Item
        maybe: Item | None
        old_style: Optional[Item]  # noqa: UP045
        by_name: dict[str, Item]
        in_order: list[Item]
        noted: Annotated[Item, "for people"]
        log: Log[int]
        limit: ClassVar[int] = 3
        _hidden: int

    assert fields(Tree) == [
        ("plain", Item, "", False),
        ("maybe", Item, "", True),
        ("old_style", Item, "", True),
        ("by_name", Item, "dict", False),
        ("in_order", Item, "list", False),
        ("noted", Item, "", False),
        ("log", Log[int], "", False),
    ]


def test_inherited_fields_come_first() -> None:
    """In the order of their declaration; a redeclared field takes the new type."""

    class Special(Item):
        extra: str = ""

    class Base(Worktree):
        a: Item
        b: Item

    class Mixin:
        m: Item

    class Tree(Base, Mixin):
        c: Item
        a: Special

    assert [(name, cls) for name, cls, _, _ in fields(Tree)] == [
        ("m", Item),
        ("a", Special),
        ("b", Item),
        ("c", Item),
    ]


def test_text_annotations_of_local_classes(tmp_path: Path) -> None:
    """Names are found in the class, in the function around it, and in the module."""

    class Local(Json):
        x: int = 1

    class Tree(Worktree):
        class Inner(LayoutAnchor):
            local: "Local"
            item: "Item | None"

        inner: "Inner"
        locals_: "dict[str, Local]"

    tree = mount(Tree, tmp_path / "t")
    assert tree.inner.local.x == 1
    assert [field.name for field in layout_of(Tree)] == ["inner", "locals_"]


def test_a_name_that_is_defined_later(tmp_path: Path) -> None:
    """Is looked up again when the tree is mounted."""

    class Tree(Worktree):
        later: "Later"

    class Later(Json):
        x: int = 2

    assert mount(Tree, tmp_path / "t").later.x == 2


def test_a_name_that_is_never_defined(tmp_path: Path) -> None:
    """Is an error that names class and field."""

    class Tree(Worktree):
        fine: Item
        lost: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(errors.LayoutError, match=r"Tree\.lost.*'Nowhere'"):
        mount(Tree, tmp_path / "t")
    assert not (tmp_path / "t").exists()


class Plain(BaseModel):
    x: int = 0


@pytest.mark.parametrize(
    "annotation",
    [
        pytest.param(int, id="int"),
        pytest.param(Plain, id="plain-model"),
        pytest.param("int", id="text"),
        pytest.param("1 +", id="no-expression"),
        pytest.param("Item.nope", id="no-attribute"),
        pytest.param(dict[int, Item], id="dict-by-int"),
        pytest.param(dict[str, int], id="dict-of-int"),
        pytest.param(list[LayoutAnchor], id="list-of-layouts"),
        pytest.param(Item | Text, id="union"),
        pytest.param(Item | Text | None, id="optional-union"),
        pytest.param(list[Item] | None, id="optional-list"),
        pytest.param(set[Item], id="set"),
        pytest.param(None, id="none"),
    ],
)
def test_what_cannot_be_mounted(annotation: object) -> None:
    """Is an error when the class is created, naming class and field."""
    with pytest.raises(errors.LayoutError, match=r"Wrong\.field"):
        type(
            "Wrong",
            (Worktree,),
            {
                "__annotations__": {"field": annotation},
                "__module__": __name__,
                "__qualname__": "Wrong",
            },
        )


def test_names_that_are_taken() -> None:
    """The verbs of a tree, and of a layout; each with class and field."""
    with pytest.raises(errors.LayoutError, match=r"Tree\.commit.*method of every Worktree"):

        class Tree(Worktree):
            commit: Item

    with pytest.raises(errors.LayoutError, match=r"Layout\.handle.*method of every LayoutAnchor"):

        class Layout(LayoutAnchor):
            handle: Item

    with pytest.raises(errors.LayoutError, match=r"Wrong\.item_name"):

        class Wrong(Json):
            item_name: str = ""


def test_two_fields_of_one_file() -> None:
    """Are refused."""

    class NoSuffix(Text, suffix=".d"):
        pass

    class Layout(LayoutAnchor):
        a: NoSuffix
        b: NoSuffix

    assert [item.stored_name for item in layout_of(Layout)] == ["a.d", "b.d"]


def test_a_bad_suffix() -> None:
    """A suffix starts with a dot, and stays a part of one name."""
    with pytest.raises(errors.LayoutError, match="does not start with a dot"):

        class NoDot(Text, suffix="md"):
            pass

    with pytest.raises(errors.UnsafeNameError):

        class Leads(Json, suffix="./../x"):
            pass


FUTURE = """
from __future__ import annotations
from worktree import LayoutAnchor, Worktree, mount
from worktree.artifacts import Json

class Config(Json):
    inner: Part
    parts: list[Part] = []

from pydantic import BaseModel
class Part(BaseModel):
    x: int = 1
Config.model_rebuild()

def make():
    class Item(Json):
        y: int = 2
    class Tree(Worktree):
        class Sub(LayoutAnchor):
            item: Item
            items: dict[str, Item]
            gone: Item | None
        sub: Sub
        config: Config
    return Tree

class Child(make()):
    more: Config

tree = mount(Child, "memory:", initial={"config": {"inner": {}}, "more": {"inner": {}}})
print(tree.sub.item.y, tree.sub.items, tree.sub.gone, tree.config.inner.x, tree.more.inner.x)
"""


def test_a_module_with_future_annotations(tmp_path: Path) -> None:
    """Module level, functions that have returned, inner classes, inheritance."""
    script = tmp_path / "program.py"
    script.write_text(FUTURE)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("2 {} None 1 1\n", "")


def test_the_published_scan_sees_the_same() -> None:
    """`get_worktree_items` is a view of the same layout."""

    class Tree(Worktree):
        a: Item
        b: dict[str, Item]

    assert [(item.name, item.t, item.source) for item in get_worktree_items(Tree)] == [
        ("a", Item, Item),
        ("b", Item, dict[str, Item]),
    ]
