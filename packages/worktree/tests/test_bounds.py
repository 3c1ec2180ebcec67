"""Files that are too deep, or stand for too much, are refused; they do not end the process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worktree.artifacts.bounds import as_json, refuse_deep_toml
from worktree.artifacts.formats import TomlFormat, YamlFormat
from worktree.errors import ContentError

DEEP = 100_000
BOMB = b"".join(
    b"%c: &%c [%s]\n" % (c, c, b"1" if c == 97 else b",".join([b"*%c" % (c - 1)] * 10))
    for c in range(97, 107)
)

# A library of the host program may have raised the limit that would have stopped a parser.
PROGRAM = """
import sys
sys.setrecursionlimit(10**6)
from typing import Any, Literal
from pydantic import BaseModel
from worktree import Worktree, errors, mount
from worktree.artifacts import Json, Toml, Yaml
from worktree.migrations import Migrations
from worktree.storage import MemoryStorage, Put

class Old(BaseModel):
    version: Literal[1] = 1

class J(Json):
    version: Literal[2] = 2
    a: Any = None

class Y(Yaml):
    a: Any = None

class T(Toml):
    a: Any = None

migrations = Migrations(J)

@migrations.step
def step(old: Old) -> J:
    return J()

kind, base = {"json": ("j", J), "yaml": ("y", Y), "toml": ("t", T)}[sys.argv[1]]
tree = type("Tree", (Worktree,), {"__annotations__": {"x": base}, "__module__": __name__})
storage = MemoryStorage()
storage.apply([Put(f"x.{sys.argv[1]}", sys.stdin.buffer.read())], {})
try:
    mount(tree, storage, migrations=migrations if sys.argv[1] == "json" else None)
except errors.ContentError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        pytest.param("json", b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}", "recursion", id="json"),
        pytest.param("yaml", b"a: " + b"[" * DEEP, "more than 200 deep", id="yaml-flow"),
        pytest.param("yaml", b"a:\n" + b"- " * DEEP + b"1", "more than 200 deep", id="yaml-block"),
        pytest.param("yaml", BOMB, "more than 1000000 values", id="yaml-bomb"),
        pytest.param("yaml", b"a: &x [*x]", "more than 200 deep", id="yaml-cycle"),
        pytest.param("toml", b"a = " + b"[" * DEEP, "more than 200 deep", id="toml-array"),
        pytest.param("toml", b"a" + b".a" * 5000 + b" = 1", "more than 200 deep", id="toml-keys"),
    ],
)
def test_hostile_files(form: str, content: bytes, says: str) -> None:
    """Under a raised recursion limit, in a process of its own: a crash would be its exit code."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, form], input=content, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert says in done.stdout.decode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"a: !!set {b}", "no form for a set", id="set"),
        pytest.param(b"a: !!binary aGk=", "no form for a bytes", id="binary"),
        pytest.param(b"? !!binary aGk=\n: 1", "cannot be a key", id="key"),
    ],
)
def test_yaml_that_json_has_no_form_for(content: bytes, says: str) -> None:
    """Is refused in one line."""
    with pytest.raises(ContentError, match=says):
        YamlFormat().load(content)


def test_keys_of_yaml_become_text() -> None:
    """As they would in JSON."""
    assert YamlFormat().load(b"{7: a, null: b, true: c, 2.5: d}") == {
        "7": "a",
        "null": "b",
        "true": "c",
        "2.5": "d",
    }


def test_brackets_in_texts_do_not_count() -> None:
    """Only what the parser would go into."""
    many = "[" * 1000
    text = f'# {many}\na = "{many}"\nb = \'{many}\'\nc = \'\'\'{many}\n\'\'\'\nd = """\\"{many}"""'
    refuse_deep_toml(text)
    assert TomlFormat().load(text.encode())["a"] == many


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_plain_data_is_copied_as_it_is(data: object) -> None:
    """The bounds change nothing that is within them."""
    assert as_json(data) == data
