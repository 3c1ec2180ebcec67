"""What the tests share: the interpreter's own limit of recursion."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def recursion_limit_of_a_fresh_interpreter() -> Iterator[None]:
    """Set back what another library raised in this process: users start swop in one of its own."""
    found = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(found)
