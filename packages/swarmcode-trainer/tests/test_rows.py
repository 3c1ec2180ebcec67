"""Lines become rows, or an error that names every line that is none."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_trainer.dataset import ChatRow, ContextFile, Row, parse_row, read_rows
from swarmcode_trainer.errors import DatasetError, MalformedRowsError

GOOD = {"task": "t", "diff": "d"}


def test_a_published_row_keeps_everything() -> None:
    """Task, context, diff, command and metadata arrive as they were written."""
    value = {
        "task": "Fix it",
        "context_files": [{"path": "a.py", "content": ""}],
        "diff": "--- a\n",
        "tests_command": "pytest",
        "metadata": {"source": "git_diff"},
    }
    row = parse_row(json.dumps(value), line=7)
    assert isinstance(row, Row)
    assert (row.line, row.task, row.diff, row.tests_command) == (7, "Fix it", "--- a\n", "pytest")
    assert row.context_files == (ContextFile("a.py", ""),)
    assert row.metadata["source"] == "git_diff"


def test_a_conversation_is_a_row_too() -> None:
    """What other tools write as `messages` can be trained on."""
    row = parse_row(
        '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}'
    )
    assert isinstance(row, ChatRow)
    assert [message.role for message in row.messages] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param(b"{", "not JSON", id="cut-off"),
        pytest.param(b"[]", "not an object", id="a-list"),
        pytest.param(b"\xff", "not UTF-8", id="latin-1"),
        pytest.param(b"[" * 200_000, "", id="bomb"),
        pytest.param(b'{"diff":"d"}', "task is missing", id="no-task"),
        pytest.param(b'{"task":" ","diff":"d"}', "task is empty", id="blank-task"),
        pytest.param(b'{"task":1,"diff":"d"}', "task is not text", id="numeric-task"),
        pytest.param(b'{"task":"t"}', "diff is missing", id="no-diff"),
        pytest.param(b'{"task":"t","diff":""}', "diff is empty", id="empty-diff"),
        pytest.param(b'{"task":"t","diff":"d","context_files":{}}', "not a list", id="context"),
        pytest.param(
            b'{"task":"t","diff":"d","context_files":[{"path":"a"}]}',
            "context_files[0].content",
            id="context-without-content",
        ),
        pytest.param(b'{"task":"t","diff":"d","metadata":[]}', "metadata", id="metadata"),
        pytest.param(b'{"messages":[]}', "at least two turns", id="no-messages"),
        pytest.param(
            b'{"messages":[{"role":"assistant","content":"a"},{"role":"user","content":"b"}]}',
            "not the assistant's",
            id="ends-with-user",
        ),
        pytest.param(
            b'{"messages":[{"role":"tool","content":"a"},{"role":"assistant","content":"b"}]}',
            "role 'tool'",
            id="unknown-role",
        ),
    ],
)
def test_a_malformed_line_is_refused_by_its_number(line: bytes, why: str, tmp_path: Path) -> None:
    """The error says which line and what is wrong with it; no other line is used."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n\n" + line + b"\n")
    with pytest.raises(MalformedRowsError) as caught:
        read_rows(path)
    assert [number for number, _ in caught.value.problems] == [3]
    assert why in caught.value.problems[0][1]
    assert "line 3" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_problems_are_counted_and_a_few_shown(tmp_path: Path) -> None:
    """A broken file gives one line, not thousands."""
    path = tmp_path / "rows.jsonl"
    path.write_text("{}\n" * 1000)
    with pytest.raises(MalformedRowsError, match=r"1000 malformed rows.*and 995 more"):
        read_rows(path)


def test_a_missing_file_says_what_writes_one(tmp_path: Path) -> None:
    """The next step is in the error."""
    with pytest.raises(DatasetError, match="swarmcode synth"):
        read_rows(tmp_path / "none.jsonl")


def test_a_byte_order_mark_and_crlf_do_no_harm(tmp_path: Path) -> None:
    """Files written on Windows are rows as well."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n")
    assert len(read_rows(path)) == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_row_or_a_value_error(data: bytes) -> None:
    """Nothing else comes out of the parser."""
    with contextlib.suppress(ValueError):
        parse_row(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["task", "diff", "context_files", "path", "content", "messages", "role"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_gives_a_row_or_a_value_error(value: object) -> None:
    """Types that are wrong anywhere are found, not met later."""
    with contextlib.suppress(ValueError):
        parse_row(json.dumps(value))
