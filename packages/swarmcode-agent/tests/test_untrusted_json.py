"""JSON from elsewhere cannot end the process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.untrusted_json import DEEPEST, is_too_deep, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_what_is_not_deep_is_read_as_json_reads_it(value: object) -> None:
    """The guard changes nothing for what people write."""
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value).encode()) == value


def test_depth_is_counted_outside_of_strings() -> None:
    """Brackets in a text are text."""
    assert loads(json.dumps("[" * 100_000)) == "[" * 100_000
    assert loads("[" * DEEPEST + "]" * DEEPEST)
    assert is_too_deep("[" * (DEEPEST + 1))


@pytest.mark.parametrize("opening", ["[", '{"a":', '["x",['])
def test_a_raised_recursion_limit_does_not_let_it_crash(opening: str) -> None:
    """Libraries raise the limit; then only the guard stands before the end of the stack."""
    code = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from swarmcode_agent.untrusted_json import loads\n"
        f"try: loads({opening!r} * 1_000_000)\n"
        "except ValueError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "nested too deeply\n"), run.stderr
