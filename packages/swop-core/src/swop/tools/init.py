"""`swop init`: a first `swop.yaml` and the state folder, without touching what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..config.model import CONFIG_NAME, DEFAULT_STATE_DIR
from ..errors import StateWriteError
from ..files import write_if_changed
from ..manifests.yaml_text import scalar

_CONFIG = """\
version: 1
project: {name}
language: python

# Folders that `swop scan` walks, relative to this file.
source_roots:
  - .

# Glob patterns that are never scanned.
exclude:
  - "**/tests/**"
  - "**/__pycache__/**"
  - "**/.venv/**"
  - "**/node_modules/**"

# Named parts of the project, each with its folder:
#   - name: billing
#     source: src/billing
bounded_contexts: []

# The message bus of generated services.
# bus:
#   type: rabbitmq
#   url: "${{RABBITMQ_URL}}"

# The database that projections write to.
# read_models:
#   engine: postgresql
#   url: "${{DB_URL}}"
"""
_STATE_IGNORE = "# Manifests are committed; these are not.\ncache/\ngenerated/\nreports/\n*.tmp\n"
_IGNORED = (
    f"{DEFAULT_STATE_DIR}/cache/",
    f"{DEFAULT_STATE_DIR}/generated/",
    f"{DEFAULT_STATE_DIR}/reports/",
    "swop-drift.log",
)


@dataclass(slots=True)
class InitResult:
    """What `init_project` made, changed and found already there."""

    root: Path
    created: list[Path] = field(default_factory=list)
    updated: list[Path] = field(default_factory=list)
    unchanged: list[Path] = field(default_factory=list)

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        lines = [f"[INIT] swop project scaffolded at {self.root}"]
        lines += [f"  + {path}" for path in self.created]
        lines += [f"  ~ {path}" for path in self.updated]
        lines += [f"  = {path} (already up to date)" for path in self.unchanged]
        return "\n".join(lines)


def init_project(
    root: Path, *, name: str | None = None, force: bool = False, gitignore: bool = True
) -> InitResult:
    """Give a folder its `swop.yaml` and state folder.

    What exists stays as it is; `force` writes `swop.yaml` anew. The project's `.gitignore`
    gains lines for caches and generated code only: manifests are meant to be committed.

    Raises:
        StateWriteError: the folder is missing or cannot be written.
    """
    root = root.absolute()
    if not root.is_dir():
        raise StateWriteError("no such folder: make it first", path=root)
    result = InitResult(root)
    config = root / CONFIG_NAME
    if force or not config.exists():
        _write(config, _CONFIG.format(name=scalar(name or root.name or "project")), result)
    else:
        result.unchanged.append(config)
    _write(root / DEFAULT_STATE_DIR / ".gitignore", _STATE_IGNORE, result)
    if gitignore:
        _ignore(root / ".gitignore", result)
    return result


def _write(path: Path, text: str, result: InitResult) -> None:
    existed = path.exists()
    if not write_if_changed(path, text.encode()):
        result.unchanged.append(path)
    else:
        (result.updated if existed else result.created).append(path)


def _ignore(path: Path, result: InitResult) -> None:
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StateWriteError(f"cannot be read as text: {error}", path=path) from None
    lines = text.splitlines()
    missing = [line for line in _IGNORED if line not in lines]
    if not missing:
        result.unchanged.append(path)
        return
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    _write(path, text + gap + "\n".join(["# swop", *missing]) + "\n", result)
