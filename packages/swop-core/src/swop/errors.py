"""The errors of swop-core, drawn as a tree.

SwopError               everything that swop-core raises on purpose
├── SwopConfigError     swop.yaml is missing or malformed (also a ValueError)
├── ManifestError       a manifest on disk cannot be read as one (also a ValueError)
├── LockError           swop.lock.yml cannot be used as it is (also a ValueError)
├── BaselineError       there is nothing sound to compare with, or nothing was scanned
├── AcceptError         the file of accepted findings is malformed (also a ValueError)
├── ProtoError          generated protobuf does not compile (never raised for what people wrote)
├── MissingToolError    an extra or a program is not installed; the message says how to
├── HookError           the git hook cannot be installed, removed or run
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


class LockError(SwopError, ValueError):
    """`swop.lock.yml` cannot be used as it is; `.path` and `.line` say where."""

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        super().__init__(_located(message, path, line))
        self.path = path
        self.line = line


class BaselineError(SwopError):
    """A comparison has no two sound sides; `.source` names the side that fails."""

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source


class AcceptError(SwopError, ValueError):
    """The file of accepted findings cannot be used; `.path` and `.line` say where."""

    def __init__(self, message: str, *, path: Path, line: int | None = None) -> None:
        super().__init__(_located(message, path, line))
        self.path = path
        self.line = line


class ProtoError(SwopError):
    """Generated protobuf does not compile; `.problems` are the compiler's own lines."""

    def __init__(self, message: str, *, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class MissingToolError(SwopError):
    """Something that is asked for is not installed; `.install` is the command that installs it."""

    def __init__(self, what: str, *, install: str) -> None:
        super().__init__(f"{what} is not installed: {install}")
        self.install = install


class HookError(SwopError):
    """The git hook cannot be installed, removed or run; `.path` is the folder it was for."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(_located(message, path, None))
        self.path = path


class StateWriteError(SwopError, OSError):
    """A manifest or another file of the state folder could not be written; `.path` says which."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(_located(message, path, None))
        self.path = path


def _located(message: str, path: Path | None, line: int | None) -> str:
    if path is None:
        return message
    return f"{path}: {message}" if line is None else f"{path}:{line}: {message}"
