"""The errors of swarmcode-agent, drawn as a tree.

AgentError                  everything that swarmcode-agent raises on purpose
├── MissingExtraError       a library that comes with an extra is not installed
├── MapError                a code map that cannot be read or made
└── IngestError             a repository that could not be made into a snapshot; nothing was left
    ├── SourceNotFoundError     no such path (also a ValueError)
    ├── NotARepositoryError     the source is there, and is no git repository
    ├── EmptyRepositoryError    a repository without a commit
    ├── BranchNotFoundError     no such branch; `.default` says which one there is
    ├── NothingToIngestError    every file was left out
    ├── OutputError             the output folder cannot be used
    ├── IngestBusyError         another ingest is writing into the output folder
    └── GitError                git itself failed
"""

from collections.abc import Mapping


class AgentError(Exception):
    """Catch this to catch whatever swarmcode-agent raises on purpose."""


class MissingExtraError(AgentError):
    """A feature needs a library that an extra of this package brings."""

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(f'{feature} needs an extra: pip install "swarmcode-agent[{extra}]"')
        self.feature = feature
        self.extra = extra


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
