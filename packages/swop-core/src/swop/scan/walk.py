"""The Python files of a project, in one order on every system."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NamedTuple

from ..config import SwopConfig
from .exclude import Exclusion

# Folders that never hold a project's own sources.
NEVER = frozenset(
    {
        "__pycache__",
        "node_modules",
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
    }
)
SUFFIX = ".py"


class SourceFile(NamedTuple):
    """A file to look at: `rel` is its path from the project's root, with forward slashes."""

    rel: str
    path: str
    modified_ns: int
    changed_ns: int
    size: int

    @property
    def stamp(self) -> list[int]:
        """What changes when the file does."""
        return [self.modified_ns, self.changed_ns, self.size]


class Walk(NamedTuple):
    """What a walk found, sorted; `problems` are lines `path:line: what is wrong`."""

    files: list[SourceFile]
    problems: list[str]
    warnings: list[str]


def walk(config: SwopConfig, *, suffixes: tuple[str, ...] = (SUFFIX,)) -> Walk:
    """Find the files with these suffixes under the source roots of a configuration.

    Folders reached through a symbolic link are followed when they are inside the project and
    not scanned anyway; a link that leads back to a folder it is in is a problem.
    """
    return _Walker(config, suffixes).walk()


def with_renewed(found: Walk, paths: Set[str]) -> Walk | None:
    """A walk as it would be now, where these paths and no others may have changed.

    None when that cannot be told without walking: a path is new, gone, or no plain file.
    """
    files = {file.path: index for index, file in enumerate(found.files)}
    if found.problems or not paths <= files.keys():
        return None
    renewed = found.files.copy()
    for path in paths:
        try:
            status = os.lstat(path)
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        index = files[path]
        renewed[index] = _stamped(renewed[index].rel, path, status)
    return found._replace(files=renewed)


def _stamped(rel: str, path: str, status: os.stat_result) -> SourceFile:
    return SourceFile(rel, path, status.st_mtime_ns, status.st_ctime_ns, status.st_size)


class _Walker:
    def __init__(self, config: SwopConfig, suffixes: tuple[str, ...]) -> None:
        self.suffixes = suffixes
        self.root = str(config.project_root)
        self.real_root = os.path.realpath(self.root)
        self.roots = [str(path) for path in config.iter_source_roots()]
        self.real_roots = [os.path.realpath(path) for path in self.roots]
        self.state = str(config.state_path)
        self.exclusion = Exclusion(config.exclude)
        self.files: dict[str, SourceFile] = {}
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self.entered: set[str] = set()

    def walk(self) -> Walk:
        for root in self.roots:
            if Path(root).is_dir():
                self._folder(root, root)
            else:
                self._problem(
                    root, "source root is not a folder: correct source_roots in swop.yaml"
                )
        files = [self.files[rel] for rel in sorted(self.files)]
        return Walk(files, sorted(set(self.problems)), sorted(set(self.warnings)))

    def _folder(self, top: str, root: str) -> None:
        todo = [top]
        while todo:
            folder = todo.pop()
            if folder in self.entered:
                continue
            self.entered.add(folder)
            todo.extend(self._entries(folder, root))

    def _entries(self, folder: str, root: str) -> Iterator[str]:
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            self._problem(folder, f"folder cannot be read: {error.strerror}")
            return
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            return  # a virtual environment
        for entry in entries:
            name = entry.name
            try:
                if entry.is_symlink():
                    yield from self._link(entry, root)
                elif name.endswith(self.suffixes):
                    if entry.is_file(follow_symlinks=False):
                        self._file(entry, root)
                elif ("." not in name or entry.is_dir(follow_symlinks=False)) and self._wanted(
                    entry, root
                ):
                    yield entry.path
            except OSError as error:
                self._problem(entry.path, f"cannot be read: {error.strerror}")

    def _wanted(self, entry: os.DirEntry[str], root: str) -> bool:
        if entry.name in NEVER or entry.path == self.state:
            return False
        return entry.is_dir(follow_symlinks=False) and not self._excluded(entry.path, root)

    def _excluded(self, path: str, root: str) -> bool:
        if not self.exclusion:
            return False
        return self.exclusion.matches(self._rel(path), _below(path, root))

    def _file(self, entry: os.DirEntry[str], root: str) -> None:
        if self._excluded(entry.path, root):
            return
        rel = self._rel(entry.path)
        if not rel.isprintable():
            self._problem(entry.path, "the file's name holds invisible characters: rename it")
            return
        self.files[rel] = _stamped(rel, entry.path, entry.stat())

    def _link(self, entry: os.DirEntry[str], root: str) -> Iterator[str]:
        real = os.path.realpath(entry.path)
        if not Path(real).exists() or Path(real).is_symlink():
            if entry.name.endswith(self.suffixes) or Path(real).is_symlink():
                self._problem(entry.path, "symbolic link leads nowhere or to itself: remove it")
        elif not _inside(real, self.real_root):
            self.warnings.append(
                f"{self._rel(entry.path)}:1: symbolic link leaves the project: not followed"
            )
        elif Path(real).is_dir():
            if _inside(os.path.realpath(Path(entry.path).parent), real):
                self._problem(
                    entry.path, "symbolic link leads back to a folder it is in: remove it"
                )
            elif (
                entry.name not in NEVER
                and not any(_inside(real, top) for top in self.real_roots)
                and not self._excluded(entry.path, root)
                and real not in self.entered
            ):
                self.entered.add(real)
                yield entry.path
        elif entry.name.endswith(self.suffixes):
            self._file(entry, root)

    def _rel(self, path: str) -> str:
        rel = _below(path, self.root) if path.startswith(self.root) else path
        return rel if rel != path else os.path.relpath(path, self.root).replace(os.sep, "/")

    def _problem(self, path: str, message: str) -> None:
        rel = self._rel(path)
        shown = rel if rel.isprintable() else ascii(rel)[1:-1]
        self.problems.append(f"{shown}:1: {message}")


def _below(path: str, top: str) -> str:
    below = path[len(top) :].lstrip(os.sep) if _inside(path, top) else path
    return below if os.sep == "/" else below.replace(os.sep, "/")


def _inside(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)
