"""A commit's tree as plain files in a folder: no `.git`, no history, nothing checked out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..history.repository import Repository
from .requirements import Needs

_LARGEST = 8 << 20
_SYMLINK = 0o120000
# The reporter, the metadata and the report live beside the project's own files, out of its way.
ASIDE = ".swarmcode"


def write_tree(repository: Repository, commit: str, folder: Path) -> None:
    """Write the files of a commit; links that leave the tree, and files past 8 MiB, stay out."""
    for path, (mode, blob) in repository.tree(commit).items():
        if mode in (0o100644, 0o100755):
            content = repository.blob(blob)
            if len(content) <= _LARGEST:
                write_file(folder, path, content, executable=mode == 0o100755)
        elif mode == _SYMLINK:
            _write_link(folder, path, os.fsdecode(repository.blob(blob)))


def write_file(folder: Path, path: str, content: bytes, *, executable: bool = False) -> None:
    """Write one file below `folder`, making the folders above it."""
    target = folder / _inside(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    if executable:
        target.chmod(0o755)


def remove_file(folder: Path, path: str) -> None:
    """Remove one file below `folder`; it may be gone already."""
    (folder / _inside(path)).unlink(missing_ok=True)


def _inside(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or ".git" in pure.parts:
        raise ValueError(f"{path!r} is not a path inside a tree")
    return pure


def _write_link(folder: Path, path: str, target: str) -> None:
    place = folder / _inside(path)
    reached = os.path.normpath(PurePosixPath(path).parent / target)
    if not reached.startswith(("/", "..")):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def write_metadata(folder: Path, needs: Needs) -> None:
    """Write what a build would have written: version files and the distribution's metadata."""
    for path in needs.generated:
        if not (folder / _inside(path)).exists():
            text = (
                b'version = __version__ = "0.0.0"\nversion_tuple = __version_tuple__ = (0, 0, 0)\n'
            )
            write_file(folder, path, text)
    if needs.name:
        distribution = f"{ASIDE}/{needs.name.replace('-', '_')}-0.0.0.dist-info"
        about = f"Metadata-Version: 2.1\nName: {needs.name}\nVersion: 0.0.0\n"
        write_file(folder, f"{distribution}/METADATA", about.encode())
        write_file(folder, f"{distribution}/entry_points.txt", _entry_points(needs).encode())


def _entry_points(needs: Needs) -> str:
    groups: dict[str, list[str]] = {}
    for group, entry in needs.scripts:
        groups.setdefault(group, []).append(entry)
    return "".join(f"[{name}]\n" + "\n".join(lines) + "\n\n" for name, lines in groups.items())


def source_roots(paths: Mapping[str, object]) -> tuple[str, ...]:
    """The folders to import from: `src` or `lib` when packages lie there, and the top."""
    tops = {path.split("/", 1)[0] for path in paths if path.count("/") >= 1}
    nested = tuple(
        name
        for name in ("src", "lib")
        if name in tops and any(p.startswith(f"{name}/") and p.endswith(".py") for p in paths)
    )
    return (*nested, ".")
