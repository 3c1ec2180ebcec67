"""The files of a commit, or of a worktree: names, kinds and sizes, not yet contents."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .git import answer, git, records
from .history import History

Kind = Literal["file", "symlink", "submodule", "unreadable", "other"]
_KINDS: dict[bytes, Kind] = {b"120000": "symlink", b"160000": "submodule"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree.

    `oid` names the content: git's object for a commit, empty for a worktree until it is read.
    `raw` is the name as the bytes that git has.
    """

    raw: bytes
    kind: Kind
    size: int
    oid: str = ""
    executable: bool = False

    @property
    def path(self) -> str:
        """The name as text; bytes that are not UTF-8 are escaped."""
        return self.raw.decode("utf-8", "backslashreplace")


def commit_entries(history: History) -> Iterator[Entry]:
    """Yield the entries of a commit's whole tree, in git's order."""
    raw = git(
        history.repository, "ls-tree", "-r", "-l", "-z", "--full-tree", history.commit,
        doing="list the files",
    )  # fmt: skip
    for record in records(raw):
        head, _, name = record.partition(b"\t")
        mode, _type, oid, size = head.split()
        yield Entry(
            raw=name,
            kind=_KINDS.get(mode, "file"),
            size=int(size) if size.isdigit() else 0,
            oid=oid.decode(),
            executable=mode == b"100755",
        )


def worktree_entries(root: Path) -> Iterator[Entry]:
    """Yield what stands in a repository's folder: tracked, or neither tracked nor ignored."""
    raw = git(
        root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate",
        doing="list the files",
    )  # fmt: skip
    for name in sorted(set(records(raw))):
        entry = stat_entry(root, name.removesuffix(b"/"))
        if entry is not None:
            yield entry


def folder_entries(root: Path) -> Iterator[Entry]:
    """Yield everything in a folder that is no repository, never through symlinks."""
    pending = [b""]
    while pending:
        folder = pending.pop()
        try:
            listed = sorted(os.scandir(_below(root, folder)), key=lambda each: each.name)
        except OSError:
            yield Entry(folder, "unreadable", 0)
            continue
        for found in listed:
            name = folder + b"/" + found.name if folder else found.name
            if found.is_dir(follow_symlinks=False):
                if found.name != b".git":
                    pending.append(name)
            elif (entry := stat_entry(root, name)) is not None:
                yield entry


def stat_entry(root: Path, name: bytes) -> Entry | None:
    """Return the entry of one name, or None when it is gone."""
    try:
        found = os.lstat(_below(root, name))
    except (FileNotFoundError, NotADirectoryError):
        return None
    kinds: dict[int, Kind] = {
        stat.S_IFREG: "file",
        stat.S_IFLNK: "symlink",
        stat.S_IFDIR: "submodule",
    }
    kind = kinds.get(stat.S_IFMT(found.st_mode), "other")
    return Entry(name, kind, found.st_size, executable=bool(found.st_mode & 0o100))


def read_in_place(root: Path, entry: Entry, *, limit: int) -> bytes | None:
    """Return a file's bytes, or None when it cannot be read; never through a symlink.

    A file that grew past `limit` since it was listed is cut there, so that nothing endless is
    read.
    """
    try:
        descriptor = os.open(
            _below(root, entry.raw),
            os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
        )
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            return file.read(limit + 1)
        except OSError:
            return None


def _below(root: Path, name: bytes) -> bytes:
    """Return the path of a name below a root; names are bytes, as the system has them."""
    return os.fsencode(root) + b"/" + name


def content_id(content: bytes) -> str:
    """Return git's name for a content, so that a worktree shares its cache with commits."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def link_target(history: History, entry: Entry) -> str:
    """Return where a symlink of a commit points."""
    raw = git(history.repository, "cat-file", "blob", entry.oid, doing="read a symlink")
    return raw.decode("utf-8", "backslashreplace")


def submodule_urls(history: History) -> dict[str, str]:
    """Return the addresses that a commit's .gitmodules gives, by path."""
    told = answer(
        history.repository, "config", "--blob", f"{history.commit}:.gitmodules",
        "--get-regexp", r"^submodule\..*\.(path|url)$",
    )  # fmt: skip
    values: dict[str, dict[str, str]] = {}
    for line in (told or "").splitlines():
        key, _, value = line.partition(" ")
        section, _, name = key.rpartition(".")
        values.setdefault(section, {})[name] = value
    return {each["path"]: each["url"] for each in values.values() if {"path", "url"} <= set(each)}
