"""What a change touches, and whether it changes what code does."""

from __future__ import annotations

import pytest

from swarmcode_agent.synth.functions import changes_behaviour, shape_of, touched_functions

BEFORE = '''
"""A module."""
class A:
    """A class."""
    size: int = 1

    def run(self, x: int = 1) -> int:
        """Run."""
        return x + 1

def free(a):
    return a
'''


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(BEFORE.replace("Run.", "Walk."), id="docstring"),
        pytest.param(BEFORE.replace("x: int = 1) -> int", "x=1)"), id="annotations"),
        pytest.param(BEFORE.replace("size: int = 1", "size = 1"), id="variable-annotation"),
        pytest.param(BEFORE.replace("return a", "return (  a  )  # same"), id="layout"),
    ],
)
def test_what_changes_no_behaviour(after: str) -> None:
    """Docstrings, annotations, comments and layout change nothing that code does."""
    assert not changes_behaviour("m.py", BEFORE, after)


def test_changed_functions_are_named() -> None:
    """Changed, new and lost functions are touched; the others are not."""
    after = BEFORE.replace("x + 1", "x + 2").replace("def free", "def other")
    assert touched_functions("m.py", BEFORE, after) == {"m.py::A.run", "m.py::free", "m.py::other"}
    assert changes_behaviour("m.py", BEFORE, after)


def test_what_is_written_counts_as_touched() -> None:
    """A changed docstring is a change of its function, a moved line or a comment is not."""
    assert touched_functions("m.py", BEFORE, BEFORE.replace("Run.", "Go.")) == {"m.py::A.run"}
    assert touched_functions("m.py", BEFORE, "\n# moved\n" + BEFORE) == frozenset()


def test_new_and_removed_files() -> None:
    """A file that comes or goes touches all of its functions."""
    everything = {"m.py::A.run", "m.py::free"}
    assert touched_functions("m.py", None, BEFORE) == everything
    assert touched_functions("m.py", BEFORE, None) == everything


def test_what_cannot_be_read_counts_as_changed() -> None:
    """Broken code and other languages are never called the same without being so."""
    assert changes_behaviour("m.py", "def f(:", "def f(): pass")
    assert shape_of("m.py", "def f(:") is None
    assert changes_behaviour("m.ts", "a", "b")
    assert not changes_behaviour("m.ts", "a", "a")


def test_small_functions_are_known_as_small() -> None:
    """A function that says little may be alike by chance."""
    body = "    a = [1, 2, 3]\n    for i in a:\n        print(i, a, a[i:], a.x)\n"
    shape = shape_of("m.py", f"def close(a):\n    pass\n\ndef free(a):\n{body}{body}")
    assert "close" in shape.small
    assert "free" not in shape.small
