"""Texts, bytes, logs, optional artifacts, and dicts and lists of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from worktree import Worktree, errors, mount, plan
from worktree.artifacts import Bytes, Json, Log, Text


class Loose(Json):
    number: int = 0
    anything: Any = None


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
