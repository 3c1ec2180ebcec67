"""The errors of swop-core, drawn as a tree.

SwopError               everything that swop-core raises on purpose
├── SwopConfigError     swop.yaml is missing or malformed (also a ValueError)
├── ManifestError       a manifest on disk cannot be read as one (also a ValueError)
└── StateWriteError     a file of the state folder cannot be written (also an OSError)

Every message is one line: where, what is wrong, and what to do next.
"""

from __future__ import annotations

from pathlib import Path


class SwopError(Exception):
    """Catch this to catch whatever swop-core raises on purpose."""


class SwopConfigError(SwopError, ValueError):
    """`swop.yaml` cannot be used; `.path` and `.line` say where."""

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        super().__init__(_located(message, path, line))
        self.path = path
        self.line = line


class ManifestError(SwopError, ValueError):
    """A manifest cannot be read: never treated as an empty one. `.path` and `.line` say where."""

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        super().__init__(_located(message, path, line))
        self.path = path
        self.line = line


class StateWriteError(SwopError, OSError):
    """A manifest or another file of the state folder could not be written; `.path` says which."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(_located(message, path, None))
        self.path = path


def _located(message: str, path: Path | None, line: int | None) -> str:
    if path is None:
        return message
    return f"{path}: {message}" if line is None else f"{path}:{line}: {message}"
