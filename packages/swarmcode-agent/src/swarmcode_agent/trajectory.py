"""What an agent did, as JSON lines: to look at, to replay, and to train on.

Each line is an object with a `type`: `start` (the task, the model, the tools), `turn` (the
messages that were sent, the answer, its tokens), `tool` (a call and its result), `end` (why it
stopped, the final patch). The messages are OpenAI's, so that a turn is a training example as it
stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import untrusted_json
from .errors import TrajectoryError

if TYPE_CHECKING:
    from .backends.model import Message, Usage


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer: what was sent, what came back, what it used."""

    prompt: tuple[Message, ...]
    answer: Message
    usage: Usage


@dataclass(slots=True)
class MemorySink:
    """Keeps records in a list."""

    records: list[Mapping[str, Any]] = field(default_factory=list)

    def record(self, entry: Mapping[str, Any]) -> None:
        """Keep one record."""
        self.records.append(entry)


class JsonlSink:
    """Writes each record as a line at once, so that what happened is there if all else ends."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", encoding="utf-8")

    def record(self, entry: Mapping[str, Any]) -> None:
        """Write one record."""
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> JsonlSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_records(path: str | Path) -> list[dict[str, Any]]:
    """Read a trajectory's records. A last line that was cut off is left out."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrajectoryError(f"{path} cannot be read: {error}") from None
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(untrusted_json.loads(line))
        except (ValueError, RecursionError):
            if number == len(lines):
                break
            raise TrajectoryError(f"{path}, line {number}: not JSON") from None
    return records


def read_trajectory(path: str | Path) -> tuple[Turn, ...]:
    """Read the turns of a trajectory. Raises TrajectoryError that names the line."""
    from .backends.model import Message, Usage

    turns = []
    for number, record in enumerate(read_records(path), 1):
        try:
            if record["type"] != "turn":
                continue
            prompt = tuple(map(Message.from_openai, record["messages"]))
            answer = Message.from_openai(record["answer"])
            turns.append(Turn(prompt, answer, Usage(**record["usage"])))
        except (KeyError, TypeError, AttributeError) as error:
            raise TrajectoryError(
                f"{path}, line {number}: no trajectory record ({error})"
            ) from None
    return tuple(turns)
