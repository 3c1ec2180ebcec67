"""The errors of swarmcode-agent, drawn as a tree.

AgentError                everything that swarmcode-agent raises on purpose
├── MissingExtraError     an optional library is needed and not installed (.library, .command)
└── SynthError            training data could not be made
    ├── ConfigError       a setting of the synthesis is not usable (.field)
    ├── HistoryError      there is no history to mine, or git refused to give it (.repository)
    ├── MutationError     a source cannot be mutated
    ├── RowError          a row or file of rows is not what it must be (.path, .line)
    ├── EnvironmentBuildError  a commit's test environment cannot be built (.cause)
    └── NothingKeptError  no candidate became a row (.reasons)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class AgentError(Exception):
    """Catch this to catch whatever swarmcode-agent raises on purpose."""


class MissingExtraError(AgentError):
    """An optional library is needed; the message is the command that installs it."""

    def __init__(self, library: str, *, extra: str, purpose: str) -> None:
        self.library = library
        self.command = f"pip install 'swarmcode-agent[{extra}]'"
        super().__init__(f"{purpose} needs {library}, which is not installed: {self.command}")


class SynthError(AgentError):
    """Training data could not be made."""


class ConfigError(SynthError, ValueError):
    """A setting of the synthesis is not usable."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}")


class HistoryError(SynthError):
    """There is no history to mine, or git refused to give it."""

    def __init__(self, repository: Path, problem: str) -> None:
        self.repository = repository
        super().__init__(f"{repository}: {problem}")


class MutationError(SynthError):
    """A source cannot be mutated."""


class RowError(SynthError):
    """A row, or a file of rows, is not what it must be."""

    def __init__(self, problem: str, *, path: Path | None = None, line: int | None = None) -> None:
        self.path = path
        self.line = line
        where = "" if path is None else f"{path}, line {line}: " if line else f"{path}: "
        super().__init__(f"{where}{problem}")


class EnvironmentBuildError(SynthError):
    """The environment that a commit's tests need cannot be built."""

    def __init__(self, cause: str, *, detail: str = "") -> None:
        self.cause = cause
        self.detail = detail
        super().__init__(f"{cause}: {detail}" if detail else cause)


class NothingKeptError(SynthError):
    """No candidate became a row; says the three most common reasons."""

    def __init__(self, reasons: Sequence[tuple[str, int]]) -> None:
        self.reasons = tuple(reasons)
        told = "; ".join(f"{reason} ({count})" for reason, count in self.reasons[:3])
        super().__init__(f"no training row was made: {told or 'the history has no candidates'}")
