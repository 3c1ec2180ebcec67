"""A model of two trees on one storage, against every driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from pydantic import Field

from worktree import Worktree, errors, mount, plan, reload, status
from worktree.artifacts import Json, Log, Text
from worktree.storage import Storage

from .conftest import KINDS


class Item(Json):
    number: int = 0
    tags: list[str] = Field(default_factory=list)


class Tree(Worktree):
    single: Item
    maybe: Text | None
    many: dict[str, Item]
    row: list[Item]
    log: Log[int]


NUMBERS = st.integers(0, 9)
NAMES = st.sampled_from(["a", "b", "ü c"])
WHO = st.integers(0, 1)


def value_of(tree: Tree) -> dict[str, Any]:
    """Everything a tree holds, as plain data."""
    return {
        "single": tree.single.model_dump(),
        "maybe": tree.maybe and tree.maybe.text,
        "many": {name: item.model_dump() for name, item in sorted(tree.many.items())},
        "row": [item.model_dump() for item in tree.row],
        "log": list(tree.log),
    }


class TwoTrees(RuleBasedStateMachine):
    """Two trees change in memory, commit, sync and reload; `stored` is what must be stored."""

    make: Callable[[], Storage]

    def __init__(self) -> None:
        super().__init__()
        self.storage = type(self).make()
        self.trees = [mount(Tree, self.storage), mount(Tree, self.storage)]
        self.stored = value_of(self.trees[0])
        self.bases = [self.stored, self.stored]

    @rule(who=WHO, number=NUMBERS)
    def edit(self, who: int, number: int) -> None:
        self.trees[who].single.number = number

    @rule(who=WHO, name=NAMES)
    def edit_in_place(self, who: int, name: str) -> None:
        self.trees[who].single.tags.append(name)

    @rule(who=WHO, name=NAMES, number=NUMBERS)
    def put_member(self, who: int, name: str, number: int) -> None:
        self.trees[who].many[name] = Item(number=number)

    @rule(who=WHO, name=NAMES)
    def drop_member(self, who: int, name: str) -> None:
        self.trees[who].many.pop(name, None)

    @rule(who=WHO, text=st.none() | st.text(max_size=3))
    def set_optional(self, who: int, text: str | None) -> None:
        self.trees[who].maybe = None if text is None else Text(text)

    @rule(who=WHO, at=NUMBERS, number=NUMBERS)
    def insert(self, who: int, at: int, number: int) -> None:
        self.trees[who].row.insert(at, Item(number=number))

    @rule(who=WHO, at=NUMBERS)
    def delete(self, who: int, at: int) -> None:
        del self.trees[who].row[at : at + 1]

    @rule(who=WHO, number=NUMBERS)
    def append(self, who: int, number: int) -> None:
        self.trees[who].log.append(number)

    @rule(who=WHO)
    def commit(self, who: int) -> None:
        """Either all of it is stored, on top of what the other changed, or nothing is."""
        tree = self.trees[who]
        before, base, theirs = value_of(tree), self.bases[who], self.stored
        try:
            tree.commit()
        except errors.ConflictError:
            assert value_of(tree) == before
            assert theirs != base
            return
        self.stored = merged(base, theirs, before)
        assert not plan(tree)
        self.bases[who] = {
            part: before[part] if before[part] != base[part] else base[part] for part in base
        }
        tree.sync()
        self.bases[who] = value_of(tree)

    @rule(who=WHO)
    def sync(self, who: int) -> None:
        """Memory is what is stored."""
        self.trees[who].sync()
        assert value_of(self.trees[who]) == self.stored
        self.bases[who] = self.stored

    @rule(who=WHO)
    def reload(self, who: int) -> None:
        """What was not changed here is what is stored; or nothing happens."""
        tree = self.trees[who]
        before = value_of(tree)
        try:
            reload(tree)
        except errors.ConflictError:
            assert value_of(tree) == before
            return
        after = value_of(tree)
        assert after["single"] in (before["single"], self.stored["single"])
        tree.sync()
        self.bases[who] = self.stored

    @rule(who=WHO)
    def mount_again(self, who: int) -> None:
        """A fresh mount finds what is stored."""
        self.trees[who] = mount(Tree, self.storage)
        assert value_of(self.trees[who]) == self.stored
        self.bases[who] = self.stored

    @precondition(lambda self: self.stored == self.bases[0] == self.bases[1])
    @invariant()
    def nobody_else_changed_anything(self) -> None:
        """While both trees know what is stored, no status says otherwise."""
        for tree in self.trees:
            assert not status(tree).theirs


def merged(base: dict[str, Any], theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """What has to be stored after a commit of `ours` that was not refused."""
    result = {
        part: ours[part] if ours[part] != base[part] else theirs[part]
        for part in ("single", "maybe", "row")
    }
    many = dict(theirs["many"])
    for name in {*base["many"], *ours["many"]}:
        if ours["many"].get(name) != base["many"].get(name):
            many.pop(name, None)
            if name in ours["many"]:
                many[name] = ours["many"][name]
    result["many"] = dict(sorted(many.items()))
    result["log"] = theirs["log"] + ours["log"][len(base["log"]) :]
    return {part: result[part] for part in base}


@pytest.mark.parametrize("kind", KINDS)
def test_two_trees_on_one_storage(kind: str, request: pytest.FixtureRequest) -> None:
    """Whatever two trees do, what is stored is what the model says."""
    maker: Callable[[], Storage] = request.getfixturevalue(f"make_{kind}")
    is_remote = kind in {"s3", "webdav"}
    machine = type("Machine", (TwoTrees,), {"make": staticmethod(maker)})
    run_machine(
        machine,
        settings=settings(
            max_examples=4 if is_remote else 40,
            stateful_step_count=12 if is_remote else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
