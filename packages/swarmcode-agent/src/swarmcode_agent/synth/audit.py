"""Why every candidate was kept or dropped: one line each, written as it is decided.

The journal makes a run resumable: what it holds is not done again. A line that was cut short
by a crash is ignored and its candidate is done anew.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one candidate: kept with its row, or dropped with the reason.

    Attributes:
        candidate: the commit's id, or the name of a planted bug.
        kept: whether a row was made.
        reason: why not; a short phrase, the same for the same cause.
        detail: what a person needs to look into it.
        row: the row as JSON, when kept.
        seconds: how long it took.
        tested: whether the candidate touches source and tests.
    """

    candidate: str
    kept: bool
    reason: str = ""
    detail: str = ""
    row: str = ""
    seconds: float = 0.0
    tested: bool = False

    def dropped(self, reason: str, detail: str = "") -> Decision:
        """The decision turned: what was kept until now is dropped for a reason."""
        return replace(self, kept=False, row="", reason=reason, detail=detail)

    def to_json(self) -> str:
        """The decision as one line of JSON."""
        data = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(data, ensure_ascii=False, sort_keys=True)


@dataclass(slots=True)
class Journal:
    """The decisions of a run, kept in a file that a later run with the same settings resumes."""

    path: Path
    settings: str
    decisions: dict[str, Decision] = field(default_factory=dict)

    def resume(self) -> int:
        """Read what an interrupted run with the same settings decided; return how much."""
        for data in _entries(self.path):
            if data.get("settings") not in (None, self.settings):
                self.path.unlink()
                self.decisions.clear()
                break
            if "candidate" in data:
                decision = Decision(**data)
                self.decisions[decision.candidate] = decision
        if self.path.exists():
            _end_last_line(self.path)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"settings": self.settings}) + "\n", "utf-8")
        return len(self.decisions)

    def add(self, decision: Decision) -> None:
        """Write a decision down before anybody relies on it."""
        self.decisions[decision.candidate] = decision
        with self.path.open("a", encoding="utf-8") as journal:
            journal.write(decision.to_json() + "\n")

    def remove(self) -> None:
        """Forget the journal: the run is complete and its files are written."""
        self.path.unlink(missing_ok=True)


def _end_last_line(path: Path) -> None:
    """Close a line that was cut short, so that the next one stands alone."""
    with path.open("rb+") as journal:
        if journal.seek(0, os.SEEK_END):
            journal.seek(-1, os.SEEK_END)
            if journal.read(1) != b"\n":
                journal.write(b"\n")


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def reasons(decisions: Iterable[Decision]) -> list[tuple[str, int]]:
    """How often each reason dropped a candidate, the most frequent first."""
    counted = Counter(decision.reason for decision in decisions if not decision.kept)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file so that it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as output:
        output.writelines(f"{line}\n" for line in lines)
        output.flush()
        os.fsync(output.fileno())
    part.replace(path)
