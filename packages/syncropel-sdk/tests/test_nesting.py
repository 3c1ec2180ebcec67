"""The depth of somebody else's JSON cannot end the process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncropel.nesting import DEEPEST, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_what_is_not_deep_is_read_as_json_reads_it(value: object) -> None:
    """The guard changes nothing for what people write."""
    assert read_json(json.dumps(value)) == value
    assert read_json(json.dumps(value).encode("utf-16")) == value


def test_brackets_in_a_text_are_text() -> None:
    """Depth is counted outside of strings."""
    assert read_json(json.dumps("[" * 100_000)) == "[" * 100_000
    with pytest.raises(RecursionError):
        read_json("[" * (DEEPEST + 1))


@settings(max_examples=20)
@given(VALUES, st.booleans())
def test_many_brackets_are_not_deep(value: object, only_ascii: bool) -> None:
    """A long answer of flat values is read, whatever its texts hold."""
    wide = [[value]] * (DEEPEST + 1)
    assert read_json(json.dumps(wide, ensure_ascii=only_ascii)) == wide


@pytest.mark.parametrize("beside", ['"["', '""', r'"\""', "[]", '{"a":"]"}', "1"])
def test_where_too_deep_begins(beside: str) -> None:
    """The quick look and the slow count agree, whatever lies beside the nesting."""

    def nested(depth: int) -> str:
        return f"[{beside},[]," * (depth - 1) + "[1]" + "]" * (depth - 1)

    assert read_json(nested(DEEPEST))
    with pytest.raises(RecursionError):
        read_json(nested(DEEPEST + 1))


def test_a_raised_recursion_limit_does_not_let_it_crash() -> None:
    """A million brackets are no answer, whatever a library of the host program raised."""
    code = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from syncropel.transport.answers import Answer\n"
        "print(Answer(200, b'[' * 1_000_000).json())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "None\n"), run.stderr
