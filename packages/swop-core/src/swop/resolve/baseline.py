"""What the code is compared with: manifests in a folder, or as they were in a commit.

A baseline that cannot be read in full is an error: an empty one would call everything new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..config import SwopConfig
from ..config.model import LOCK_NAME
from ..errors import BaselineError
from ..git import GitError, blobs_at, commit_of, files_at
from ..manifests.entries import BLOCKS

_BLOCKS = {f"{block}.yml" for block in BLOCKS.values()}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The bytes of a baseline. `source` says in words where they are from.

    `files` are manifests by context and block; `lock` is None where there is no lock, or
    where it is the project's own, which needs no comparison.
    """

    source: str
    files: Mapping[tuple[str, str], bytes]
    paths: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    lock: bytes | None = None
    lock_path: Path = Path(LOCK_NAME)


def folder_baseline(config: SwopConfig, folder: Path | None = None) -> Baseline:
    """The manifests of a folder; by default the project's own.

    Raises:
        BaselineError: the folder is missing, unreadable or holds no manifest.
    """
    own = folder is None or folder.absolute() == config.manifests_path
    folder = config.manifests_path if folder is None else folder
    source = str(folder)
    if not folder.is_dir():
        raise BaselineError(
            "manifests folder not found: run `swop gen manifests` and commit them", source=source
        )
    paths = {
        (path.parent.name, path.name): path
        for path in sorted(folder.glob("*/*.yml"))
        if path.name in _BLOCKS
    }
    try:
        files = {key: path.read_bytes() for key, path in paths.items()}
        lock_path = _lock_near(folder)
        lock = None if own or lock_path is None else lock_path.read_bytes()
    except OSError as error:
        raise BaselineError(f"cannot be read: {error.strerror}", source=source) from None
    return _sound(Baseline(source, files, paths, lock, lock_path or Path(LOCK_NAME)))


def git_baseline(config: SwopConfig, ref: str) -> Baseline:
    """The manifests and the lock as they were in a commit.

    Raises:
        BaselineError: git cannot be asked, the ref names no commit, or has no manifests.
    """
    root = config.project_root
    source = f"git {ref}"
    below = config.manifests_path.relative_to(root).as_posix()
    try:
        commit = commit_of(root, ref)
        listed = files_at(root, commit, [below, LOCK_NAME])
        wanted = [path for path in listed if path == LOCK_NAME or _is_manifest(path, below)]
        blobs = blobs_at(root, commit, wanted)
    except GitError as error:
        raise BaselineError(str(error), source=source) from None
    files: dict[tuple[str, str], bytes] = {}
    paths: dict[tuple[str, str], Path] = {}
    for path, data in blobs.items():
        if path != LOCK_NAME:
            pure = PurePosixPath(path)
            files[pure.parent.name, pure.name] = data
            paths[pure.parent.name, pure.name] = Path(f"{ref}:{path}")
    lock = blobs.get(LOCK_NAME)
    return _sound(Baseline(source, files, paths, lock, Path(f"{ref}:{LOCK_NAME}")))


def _is_manifest(path: str, below: str) -> bool:
    pure = PurePosixPath(path)
    return pure.parent.parent.as_posix() == below and pure.name in _BLOCKS


def _lock_near(folder: Path) -> Path | None:
    """The lock beside manifests: in their folder, or beside the `swop.yaml` above them."""
    for parent in (folder, *folder.absolute().parents):
        path = parent / LOCK_NAME
        if path.is_file():
            return path
        if (parent / "swop.yaml").is_file():
            return None
    return None


def _sound(baseline: Baseline) -> Baseline:
    if not baseline.files:
        raise BaselineError(
            "holds no manifest: run `swop gen manifests` and commit them", source=baseline.source
        )
    return baseline
