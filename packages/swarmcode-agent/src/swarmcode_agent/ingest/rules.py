"""Which files are kept, and in which words the others are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..errors import MissingExtraError
from .config import IngestConfig
from .entries import Entry

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".swarmcodeignore"
RESERVED = ("files.txt", "code_map.json", ".swarmcode")

_LICENCE_NAME = re.compile(
    r"(?:UN)?LICEN[CS]E(?:[-.][\w.-]+)?|COPYING(?:[-.][\w.-]+)?|NOTICE(?:\.\w+)?", re.IGNORECASE
)
_MANIFESTS = ("pyproject.toml", "package.json", "Cargo.toml", "setup.cfg")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not in the snapshot, and why: a word to count by, and what there is to add."""

    path: str
    reason: str
    detail: str = ""


def is_licence(path: str) -> bool:
    """Say whether a file is a licence text by its name; these are kept whatever their ending."""
    return _LICENCE_NAME.fullmatch(PurePosixPath(path).name) is not None


def names_a_licence(path: str) -> bool:
    """Say whether a file is a package's description, which may name its licence."""
    return PurePosixPath(path).name in _MANIFESTS


@dataclass(slots=True)
class IgnoreFiles:
    """Ignore files of a tree, and patterns for all of it; the deepest file that speaks decides."""

    _specs: dict[str, GitIgnoreSpec] = field(default_factory=dict)

    def add(self, folder: str, lines: Iterable[str]) -> None:
        """Add the ignore file of a folder (`""` is the root)."""
        try:
            from pathspec import GitIgnoreSpec
        except ImportError as error:
            raise MissingExtraError("ingest", extra="ingest") from error
        self._specs[folder] = GitIgnoreSpec.from_lines(lines)

    def ignores(self, path: str) -> bool:
        """Say whether a file is ignored."""
        pure = PurePosixPath(path)
        for folder in pure.parents:
            spec = self._specs.get("" if str(folder) == "." else str(folder))
            if spec is not None:
                verdict = spec.check_file(str(pure.relative_to(folder))).include
                if verdict is not None:
                    return verdict
        return False


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides before a file is read."""

    config: IngestConfig
    ignored: IgnoreFiles
    excluded: IgnoreFiles
    output_inside: str | None

    def verdict(self, entry: Entry) -> LeftOut | None:
        """Return why an entry is left out, or None to go on and read it."""
        path = entry.path
        if (wrong := name_fault(entry.raw)) is not None:
            return LeftOut(path, "unsafe name", wrong)
        if entry.kind != "file":
            return LeftOut(path, "not a file" if entry.kind == "other" else entry.kind)
        if path.split("/")[0] in RESERVED:
            return LeftOut(path, "reserved name", "the snapshot has a file of its own there")
        if self.output_inside is not None and f"{path}/".startswith(f"{self.output_inside}/"):
            return LeftOut(path, "inside the output folder")
        if self.excluded.ignores(path):
            return LeftOut(path, "excluded", "exclude_patterns")
        if self.ignored.ignores(path):
            return LeftOut(path, "ignored", IGNORE_FILE)
        return self._by_kind_of_file(path, entry.size)

    def _by_kind_of_file(self, path: str, size: int) -> LeftOut | None:
        endings = self.config.include_extensions
        if endings and PurePosixPath(path).suffix.lower() not in endings and not is_licence(path):
            return LeftOut(path, "extension", PurePosixPath(path).suffix or "none")
        if size > self.config.max_file_size_kb * 1024:
            return LeftOut(
                path, "too large", f"{size} bytes, over {self.config.max_file_size_kb} KiB"
            )
        return None


def name_fault(raw: bytes) -> str | None:
    """Say what is wrong with a name that would not be safe, or not survive, in a snapshot."""
    try:
        path = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if _CONTROL.search(raw):
        return "it holds a line break or another control character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path:
        return "it does not stay in the folder on every system"
    if any(part.lower().rstrip(". ") == ".git" for part in parts):
        return "it reaches into .git"
    return None
