"""The errors of swarmcode-agent, drawn as a tree.

AgentError                  everything that swarmcode-agent raises on purpose
├── MissingExtraError       a library that comes with an extra is not installed
├── PathError               a path that leaves its folder, or cannot be used in it
├── EditError               a patch, as text or as it meets the files
│   ├── PatchSyntaxError    the text is not an edit in the expected format
│   ├── UnsupportedEditError a format cannot say this edit (a rename in a search/replace block)
│   └── EditConflictError   some of its hunks do not fit; nothing was changed
├── SandboxError            a command that could not be run under isolation
│   ├── NoIsolationError    no rung of the ladder works on this machine
│   └── CommandRefusedError the allowlist does not hold this command
├── ToolError               a tool call that could not be carried out
│   └── ToolArgumentError   unknown tool, or arguments that do not fit its schema
├── BackendError            a model could not answer
│   └── ReplayMismatchError the recorded trajectory was made with other messages
├── TrajectoryError         a trajectory file that cannot be read
├── McpError                an MCP server could not be reached, refused, or may not be served
├── MapError                a code map that cannot be read or made
├── IngestError             a repository that could not be made into a snapshot; nothing was left
│   ├── SourceNotFoundError     no such path (also a ValueError)
│   ├── NotARepositoryError     the source is there, and is no git repository
│   ├── EmptyRepositoryError    a repository without a commit
│   ├── BranchNotFoundError     no such branch; `.default` says which one there is
│   ├── NothingToIngestError    every file was left out
│   ├── OutputError             the output folder cannot be used
│   ├── IngestBusyError         another ingest is writing into the output folder
│   └── GitError                git itself failed
└── SynthError              training data could not be made
    ├── ConfigError         a setting of the synthesis is not usable (.field)
    ├── HistoryError        no history to mine, or git refused to give it (.repository)
    ├── MutationError       a source cannot be mutated
    ├── RowError            a row or file of rows is not what it must be (.path, .line)
    ├── EnvironmentBuildError a commit's test environment cannot be built (.cause)
    └── NothingKeptError    no candidate became a row (.reasons)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .edits.conflict import Conflict


class AgentError(Exception):
    """Catch this to catch whatever swarmcode-agent raises on purpose."""


class MissingExtraError(AgentError):
    """A feature needs a library that an extra of this package brings."""

    def __init__(self, feature: str, *, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        self.command = f"pip install 'swarmcode-agent[{extra}]'"
        super().__init__(f"{feature} needs an extra: {self.command}")


class PathError(AgentError):
    """A path leaves the folder it must stay in, or cannot be used there."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path!r} {why}")
        self.path = path
        self.why = why


class EditError(AgentError):
    """A patch that cannot be read or applied."""


class PatchSyntaxError(EditError):
    """The text is not an edit in the expected format; `.line` counts from 1."""

    def __init__(self, why: str, *, line: int) -> None:
        super().__init__(f"line {line} of the patch: {why}")
        self.why = why
        self.line = line


class UnsupportedEditError(EditError):
    """An edit that is well formed and that this format, or this package, cannot carry."""


class EditConflictError(EditError):
    """Hunks that do not fit the files. Nothing was changed."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        super().__init__("\n".join(conflict.sentence for conflict in conflicts))
        self.conflicts = conflicts


class SandboxError(AgentError):
    """A command that could not be run under isolation."""


class NoIsolationError(SandboxError):
    """No rung of the isolation ladder works here; `.reasons` says why, rung by rung."""

    def __init__(self, reasons: dict[str, str]) -> None:
        told = "; ".join(f"{rung}: {why}" for rung, why in reasons.items())
        super().__init__(
            f"no way to isolate a command on this machine ({told}). "
            "Install bubblewrap (apt-get install bubblewrap)"
        )
        self.reasons = reasons


class CommandRefusedError(SandboxError):
    """The allowlist does not hold this command."""

    def __init__(self, command: str, why: str) -> None:
        super().__init__(f"the command {command!r} is not allowed: {why}")
        self.command = command
        self.why = why


class ToolError(AgentError):
    """A tool call that could not be carried out."""


class ToolArgumentError(ToolError):
    """The tool is unknown, or its arguments do not fit its schema."""


class BackendError(AgentError):
    """A model could not answer; `.status` is the HTTP status where there was one."""

    def __init__(self, why: str, *, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class ReplayMismatchError(BackendError):
    """The recorded trajectory was made with other messages."""


class TrajectoryError(AgentError):
    """A trajectory file that cannot be read."""


class McpError(AgentError):
    """An MCP server could not be reached, refused what was asked, or may not be served so."""


class MapError(AgentError):
    """A code map that cannot be read or made."""


class IngestError(AgentError):
    """A repository that could not be made into a snapshot. No half snapshot is left."""


class SourceNotFoundError(IngestError, ValueError):
    """The source is a path, and there is nothing at it."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source!r} does not exist: give a folder, a bundle or a git URL")
        self.source = source


class NotARepositoryError(IngestError):
    """The source is there, and is no git repository."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source!r} is not a git repository: {why}")
        self.source = source


class EmptyRepositoryError(IngestError):
    """The repository has no commit yet."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source!r} has no commits yet: commit something first")
        self.source = source


class BranchNotFoundError(IngestError):
    """The repository has no such branch."""

    def __init__(
        self, branch: str, *, source: str, default: str | None, available: tuple[str, ...]
    ) -> None:
        offer = f"its default branch is {default!r}, pass that" if default else "pass one of these"
        known = ", ".join(available[:10]) + (", …" if len(available) > 10 else "")
        listed = f" (branches: {known})" if known else ""
        super().__init__(f"branch {branch!r} not found in {source!r}: {offer}{listed}")
        self.branch = branch
        self.source = source
        self.default = default
        self.available = available


class NothingToIngestError(IngestError):
    """Every file was left out; `.reasons` counts why."""

    def __init__(self, source: str, reasons: Mapping[str, int]) -> None:
        told = ", ".join(f"{count} × {why}" for why, count in reasons.items()) or "it has no files"
        super().__init__(f"nothing to ingest from {source!r}: {told}")
        self.source = source
        self.reasons = dict(reasons)


class OutputError(IngestError):
    """The output folder cannot be used."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"cannot write snapshots to {path!r}: {why}")
        self.path = path
        self.why = why


class IngestBusyError(IngestError):
    """Another ingest holds the output folder."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"another ingest is writing to {path!r}: wait for it, or give another output folder"
        )
        self.path = path


class GitError(IngestError):
    """git failed; `.detail` is what it said last."""

    def __init__(self, doing: str, detail: str) -> None:
        super().__init__(f"git could not {doing}: {detail}")
        self.doing = doing
        self.detail = detail


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
