"""The row of training data: one task, what can be seen, and the change that solves it.

A row is immutable and says where it comes from and how it was proven. Its JSON is the
published one, with sorted metadata, so that the same row is always the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .. import untrusted_json
from ..errors import RowError

Source: TypeAlias = Literal["git_diff", "synthetic"]
ProofLevel: TypeAlias = Literal["executed", "applies"]


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A file as it stands before the change."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a row comes from, what proves it, and what it must not share with another.

    Attributes:
        source: `git_diff` for a commit, `synthetic` for a planted bug.
        repository: the name of the repository.
        commit: the commit that holds the solution.
        parent: the commit whose tree the diff applies to (for a planted bug, after
            `setup_patch`).
        date: when the solution was committed, in ISO 8601, UTC.
        proof: `executed` when tests failed before and pass after; else `applies`.
        f2p: tests that fail before the change and pass after it.
        p2p: tests that pass before and after.
        flaky: tests that were left out because runs disagreed about them.
        test_patch: the tests' own change, put on before both runs.
        setup_patch: the planted bug, put on the parent's tree first.
        mutator: which family planted the bug.
        functions: what the diff changes, as `path::qualified.name`.
        python: the version of the interpreter that ran the tests.
        environment: the digest of the test environment.
        requirements: the versions in it, as `name==version`.
        licence: the SPDX name of the licence found in the tree, or empty.
        tree: the digest of the pre-images of the files that the diff touches.
        split: `train` or `eval`.
    """

    source: Source
    repository: str
    commit: str
    parent: str
    date: str
    proof: ProofLevel = "applies"
    f2p: tuple[str, ...] = ()
    p2p: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    test_patch: str = ""
    setup_patch: str = ""
    mutator: str = ""
    functions: tuple[str, ...] = ()
    python: str = ""
    environment: str = ""
    requirements: tuple[str, ...] = ()
    licence: str = ""
    tree: str = ""
    split: str = "train"
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One example of the training data."""

    task: str
    context_files: tuple[ContextFile, ...]
    diff: str
    tests_command: str
    metadata: Metadata

    @property
    def id(self) -> str:
        """A short name that depends on what the row says, and on nothing else."""
        return digest(f"{self.metadata.parent}\0{self.task}\0{self.diff}")[:16]

    def to_json(self) -> str:
        """The row as one line of JSON."""
        data = asdict(self)
        data["metadata"]["hashes"] = {
            "task": digest(self.task),
            "diff": digest(self.diff),
            "context": digest("\0".join(f"{f.path}\0{f.content}" for f in self.context_files)),
        }
        data["metadata"]["id"] = self.id
        return json.dumps(data, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, line: str) -> Row:
        """Read a line that `to_json` wrote.

        Raises:
            RowError: the line is not a row; the message says what is wrong with it.
        """
        try:
            data = untrusted_json.loads(line)
        except ValueError as error:
            raise RowError(f"not JSON: {error}") from error
        if not isinstance(data, dict):
            raise RowError(f"a row is an object, not {type(data).__name__}")
        missing = [field.name for field in fields(cls) if field.name not in data]
        if missing:
            raise RowError(f"has no {missing[0]!r}")
        try:
            context = tuple(ContextFile(f["path"], f["content"]) for f in data["context_files"])
            metadata = _metadata(data["metadata"])
        except (KeyError, TypeError) as error:
            raise RowError(f"is not a row: {error!r}") from error
        return cls(data["task"], context, data["diff"], data["tests_command"], metadata)


def _metadata(data: dict[str, Any]) -> Metadata:
    known = {field.name for field in fields(Metadata)}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in data.items()
        if name in known
    }
    return Metadata(**given)


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of a JSONL file.

    Raises:
        RowError: with the path and the line number of the first line that is not a row.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield Row.from_json(line)
                except RowError as error:
                    raise RowError(str(error), path=path, line=number) from error
