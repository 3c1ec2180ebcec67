"""What a row on disk promises: the same row is the same bytes, and reading gives it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.errors import RowError
from swarmcode_agent.synth import ContextFile, Metadata, Row, read_rows

TEXT = st.text(max_size=30)
METADATA = st.builds(
    Metadata,
    source=st.sampled_from(["git_diff", "synthetic"]),
    repository=TEXT,
    commit=TEXT,
    parent=TEXT,
    date=TEXT,
    f2p=st.lists(TEXT, max_size=3).map(tuple),
    mutator=TEXT,
)
ROWS = st.builds(
    Row,
    task=TEXT,
    context_files=st.lists(st.builds(ContextFile, path=TEXT, content=TEXT), max_size=2).map(tuple),
    diff=TEXT,
    tests_command=TEXT,
    metadata=METADATA,
)


@given(ROWS)
def test_a_row_survives_its_json(row: Row) -> None:
    """Reading what was written gives the row; writing again gives the same line."""
    line = row.to_json()
    assert "\n" not in line
    again = Row.from_json(line)
    assert again.to_json() == line
    assert (again.task, again.diff, again.id) == (row.task, row.diff, row.id)
    assert again.metadata.f2p == row.metadata.f2p


def test_the_published_fields_are_there() -> None:
    """A program written for the published rows finds what it reads."""
    about = Metadata("git_diff", "r", "c", "p", "d")
    row = Row("Do it", (ContextFile("a.py", "x\n"),), "diff", "pytest", about)
    data = json.loads(row.to_json())
    assert set(data) == {"task", "context_files", "diff", "tests_command", "metadata"}
    assert data["context_files"] == [{"path": "a.py", "content": "x\n"}]
    assert data["metadata"]["source"] == "git_diff"
    assert {"commit", "parent", "f2p", "p2p", "hashes", "mutator", "id"} <= set(data["metadata"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[]", "a row is an object, not list"),
        ('{"task": "x"}', "has no 'context_files'"),
        (
            '{"task": "x", "context_files": [{}], "diff": "", "tests_command": "", "metadata": {}}',
            "KeyError\\('path'\\)",
        ),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    """The path, the line number and what is wrong."""
    path = tmp_path / "rows.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(RowError, match=told) as caught:
        list(read_rows(path))
    assert (caught.value.path, caught.value.line) == (path, 2)
