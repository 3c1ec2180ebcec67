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
└── McpError                another MCP server could not be reached or refused
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .edits.conflict import Conflict


class AgentError(Exception):
    """Catch this to catch whatever swarmcode-agent raises on purpose."""


class MissingExtraError(AgentError):
    """A feature needs a library that an extra of this package brings."""

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(f'{feature} needs an extra: pip install "swarmcode-agent[{extra}]"')
        self.feature = feature
        self.extra = extra


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
    """Another MCP server could not be reached, or refused what was asked."""
