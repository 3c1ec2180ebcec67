"""Lines of JSON become typed rows, or an error that names every line that is none.

A row is either the published training row (task, context files, diff) or a conversation
(`messages`), which is what other tools write.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from swarmcode_agent import untrusted_json

from ..errors import DatasetError, MalformedRowsError

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class ContextFile:
    """One file that the model sees beside the task."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Row:
    """A task and the diff that solves it.

    Attributes:
        line: where it stands in its file, from 1.
        task: what is to be done.
        context_files: the files as they were before, the most important first.
        diff: the answer, a unified diff.
        tests_command: what proves the answer; empty where nothing does.
        metadata: where the row comes from.
    """

    line: int
    task: str
    context_files: tuple[ContextFile, ...]
    diff: str
    tests_command: str = ""
    metadata: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A conversation whose last turn is the answer to learn."""

    line: int
    messages: tuple[Message, ...]
    metadata: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


AnyRow = Row | ChatRow


def read_rows(path: Path) -> tuple[AnyRow, ...]:
    """Read a JSONL file of rows; blank lines are allowed.

    Raises:
        DatasetError: the file cannot be read.
        MalformedRowsError: some lines are not rows. Every one is named, and none is used.
    """
    rows: list[AnyRow] = []
    problems: list[tuple[int, str]] = []
    for number, line in _lines(path):
        try:
            rows.append(parse_row(line, line=number))
        except ValueError as error:
            problems.append((number, str(error)))
    if problems:
        raise MalformedRowsError(path, problems)
    return tuple(rows)


def _lines(path: Path) -> list[tuple[int, bytes]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DatasetError(path, "no such file; write one with `swarmcode synth`") from error
    except OSError as error:
        raise DatasetError(path, f"cannot be read ({error.strerror})") from error
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def parse_row(data: bytes | str, *, line: int = 1) -> AnyRow:
    """Turn one line into a row.

    Raises:
        ValueError: it is not one; the message says why, in a few words.
    """
    try:
        value = untrusted_json.loads(data)
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at column {error.colno})") from None
    if not isinstance(value, dict):
        raise ValueError(f"a {type(value).__name__}, not an object")
    if "messages" in value:
        return _chat_row(value, line)
    return _task_row(value, line)


def _task_row(value: dict[str, object], line: int) -> Row:
    return Row(
        line=line,
        task=_text(value, "task"),
        context_files=tuple(_context_files(value.get("context_files", []))),
        diff=_text(value, "diff"),
        tests_command=_text(value, "tests_command", default=""),
        metadata=_metadata(value),
    )


def _chat_row(value: dict[str, object], line: int) -> ChatRow:
    turns = value["messages"]
    if not isinstance(turns, list) or len(turns) < 2:
        raise ValueError("'messages' is not a list of at least two turns")
    messages = tuple(_message(turn, index) for index, turn in enumerate(turns))
    if messages[-1].role != "assistant":
        raise ValueError("the last of 'messages' is not the assistant's")
    if any(message.role == "system" for message in messages[1:]):
        raise ValueError("a system message is not the first of 'messages'")
    return ChatRow(line=line, messages=messages, metadata=_metadata(value))


def _message(turn: object, index: int) -> Message:
    if not isinstance(turn, dict):
        raise ValueError(f"messages[{index}] is not an object")
    role = turn.get("role")
    if role not in ROLES:
        raise ValueError(f"messages[{index}] has role {role!r}, not one of {', '.join(ROLES)}")
    return Message(role=str(role), content=_text(turn, "content", where=f"messages[{index}]."))


def _context_files(value: object) -> list[ContextFile]:
    if not isinstance(value, list):
        raise ValueError("'context_files' is not a list")
    files = []
    for index, item in enumerate(value):
        where = f"context_files[{index}]"
        if not isinstance(item, dict):
            raise ValueError(f"{where} is not an object")
        path = _text(item, "path", where=f"{where}.")
        content = item.get("content")
        if not isinstance(content, str):
            raise ValueError(f"{where}.content is not text")
        files.append(ContextFile(path=path, content=content))
    return files


def _metadata(value: dict[str, object]) -> Mapping[str, object]:
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ValueError("'metadata' is not an object")
    return MappingProxyType(metadata)


def _text(
    value: dict[str, object], key: str, *, where: str = "", default: str | None = None
) -> str:
    if key not in value and default is not None:
        return default
    if key not in value:
        raise ValueError(f"{where}{key} is missing")
    text = value[key]
    if not isinstance(text, str):
        raise ValueError(f"{where}{key} is not text")
    if not text.strip() and default is None:
        raise ValueError(f"{where}{key} is empty")
    return text
