"""What to ingest, and how."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Protocol

from ..errors import IngestError

DEFAULT_EXTENSIONS = (
    ".py",
    ".pyi",
    ".js",
    ".jsx",
    ".ts",
    ".tsx",
    ".go",
    ".rs",
    ".java",
    ".c",
    ".h",
    ".cpp",
    ".md",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
)


class IngestSettings(Protocol):
    """The least that a configuration must have; the other fields of IngestConfig may be there."""

    @property
    def source(self) -> Any:
        """A path, a git URL or a bundle."""
        ...

    @property
    def output_dir(self) -> Any:
        """Where snapshots go."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestConfig:
    """The settings of one ingest.

    Attributes:
        source: A folder, a git URL (https, ssh, git, file) or a bundle file.
        output_dir: The folder that holds snapshots; made when it is missing.
        branch: A branch, a tag or a commit; `HEAD` is what is checked out.
        depth: How many commits of history to keep; 0 keeps all of it.
        exclude_patterns: More to leave out, written as in a `.gitignore`.
        max_file_size_kb: Files above this are left out unread.
        include_extensions: The endings to keep; empty keeps every text file.
        worktree: Read the folder as it stands, uncommitted changes and all.
        find_secrets: Search for secrets and leave the files out that hold one.
        keep_history: Keep a bare copy of the history for synthesis.
        jobs: Processes to read with; None uses every core.
    """

    source: str
    output_dir: str = "./data/snapshots"
    branch: str = "main"
    depth: int = 0
    exclude_patterns: tuple[str, ...] = ()
    max_file_size_kb: int = 500
    include_extensions: tuple[str, ...] = DEFAULT_EXTENSIONS
    worktree: bool = False
    find_secrets: bool = True
    keep_history: bool = True
    jobs: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("depth", 0), ("max_file_size_kb", 1)):
            if getattr(self, name) < least:
                raise IngestError(f"{name} is {getattr(self, name)}: give {least} or more")
        if not self.source:
            raise IngestError("source is empty: give a folder, a bundle or a git URL")
        if self.branch.startswith("-"):
            raise IngestError(f"branch {self.branch!r} cannot begin with a dash")

    @classmethod
    def of(cls, settings: IngestSettings) -> IngestConfig:
        """Return a configuration from any object with such fields; what it lacks is the default."""
        if isinstance(settings, cls):
            return settings
        given = {
            field.name: getattr(settings, field.name)
            for field in fields(cls)
            if hasattr(settings, field.name)
        }
        for name in ("exclude_patterns", "include_extensions"):
            given[name] = tuple(given.get(name, getattr(cls(source="."), name)))
        return cls(
            **{**given, "source": str(given["source"]), "output_dir": str(given["output_dir"])}
        )
