"""The depth of somebody else's JSON cannot end the process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
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


def test_a_raised_recursion_limit_does_not_let_it_crash() -> None:
    """A million brackets are no answer, whatever a library of the host program raised."""
    code = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from syncropel.transport.answers import Answer\n"
        "print(Answer(200, b'[' * 1_000_000).json())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "None\n"), run.stderr
