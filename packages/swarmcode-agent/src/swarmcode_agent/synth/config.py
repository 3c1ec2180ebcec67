"""The settings of a synthesis, checked when they are made.

`snapshot_dir` to `task_templates` are the published fields; the rest is ours, with defaults
under which the published ones mean what they always meant.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ..errors import ConfigError

Proof: TypeAlias = Literal["required", "when-tests", "off"]
RowFormat: TypeAlias = Literal["chat", "swebench", "harbor"]
EditFormat: TypeAlias = Literal["unified", "blocks", "whole"]


def default_templates() -> tuple[str, ...]:
    """How the task of a planted bug may be put; one template a line of the shipped file."""
    text = files(__package__).joinpath("formats/prompts/planted_bug.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class SynthConfig:
    """What to mine, what to keep, how to prove it and what to write.

    Attributes:
        snapshot_dir: an ingested snapshot, or a git repository (with a work tree or bare).
        output_path: the JSONL of training rows; what goes with it is written beside it.
        min_diff_lines: the fewest added and removed lines a row's diff may have.
        max_diff_lines: the most.
        max_context_files: the most files a row shows; those that the diff touches come first.
        include_tests: whether test files of the parent commit may be among the context files.
        task_templates: how the task of a planted bug is put ({function}, {path}, {tests});
            the shipped ones when empty.
        proof: `required` keeps only rows that tests prove; `when-tests` also keeps rows of
            commits without tests (their `proof` says `applies`); `off` runs nothing.
        synthetic: how many proven planted bugs to make, at most; 0 for none.
        families: the mutators to plant with; all when empty.
        runs: how often the tests run on each side; what differs between runs is flaky.
        test_timeout: seconds that one run of the tests may take.
        eval_fraction: the share of the newest rows that goes to the eval file.
        context_tokens: the most tokens the context of a row may take (four characters each).
        similarity: the share of common pieces from which two diffs are near-duplicates.
        licences: SPDX names of the licences allowed; None records the licence, refuses nothing.
        formats: what to write beside the JSONL.
        edit_format: how the answer of a chat row is written.
        limit: the most candidates to look at, newest first; None for all.
        since: leave out commits before this moment.
        jobs: how many candidates to prove at a time.
        seed: what every random choice follows from.
        python: the interpreter of the test environments (a path or a version); None chooses by
            the commit's date, and "own" runs all tests in the environment of this process.
        cache_dir: where environments are kept; None for the user's cache folder.
        branch: the branch to mine; None for the snapshot's commit or HEAD.
    """

    snapshot_dir: Path
    output_path: Path = Path("data/training.jsonl")
    min_diff_lines: int = 3
    max_diff_lines: int = 500
    max_context_files: int = 10
    include_tests: bool = True
    task_templates: tuple[str, ...] = ()
    proof: Proof = "when-tests"
    synthetic: int = 0
    families: tuple[str, ...] = ()
    runs: int = 3
    test_timeout: float = 120.0
    eval_fraction: float = 0.1
    context_tokens: int = 32_000
    similarity: float = 0.8
    licences: tuple[str, ...] | None = None
    formats: tuple[RowFormat, ...] = ()
    edit_format: EditFormat = "unified"
    limit: int | None = None
    since: datetime | None = None
    jobs: int = 2
    seed: int = 42
    python: str | None = None
    cache_dir: Path | None = None
    branch: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "snapshot_dir", Path(self.snapshot_dir))
        object.__setattr__(self, "output_path", Path(self.output_path))
        object.__setattr__(self, "task_templates", tuple(self.task_templates or ()))
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(name, f"{value} is less than {least}")
        if self.max_diff_lines < self.min_diff_lines:
            raise ConfigError("max_diff_lines", f"less than min_diff_lines={self.min_diff_lines}")
        for name in ("eval_fraction", "similarity"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(name, f"{getattr(self, name)} is not between 0 and 1")
        _one_of("proof", self.proof, get_args(Proof))
        _one_of("edit_format", self.edit_format, get_args(EditFormat))
        for chosen in self.formats:
            _one_of("formats", chosen, get_args(RowFormat))
        if self.since is not None and self.since.tzinfo is None:
            raise ConfigError("since", "has no time zone; write 2024-05-01T00:00:00+00:00")

    @classmethod
    def of(cls, settings: object) -> SynthConfig:
        """Take the fields that `settings` has from it, whatever kind of object it is."""
        if isinstance(settings, cls):
            return settings
        known = [field.name for field in fields(cls)]
        given = {name: getattr(settings, name) for name in known if hasattr(settings, name)}
        if "snapshot_dir" not in given:
            raise ConfigError("snapshot_dir", "is missing: which snapshot or repository to mine?")
        return cls(**given)

    @property
    def templates(self) -> tuple[str, ...]:
        """The task templates of planted bugs in force."""
        return self.task_templates or default_templates()


_LEAST = {
    "min_diff_lines": 1,
    "max_context_files": 1,
    "synthetic": 0,
    "runs": 1,
    "test_timeout": 0.1,
    "context_tokens": 1,
    "limit": 1,
    "jobs": 1,
}


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(field, f"{value!r} is not one of {', '.join(allowed)}")
