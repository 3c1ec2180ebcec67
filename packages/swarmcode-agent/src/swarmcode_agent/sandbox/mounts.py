"""The file system inside, as a list of steps that every rung carries out in its own way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ..confined import is_git
from .policy import Policy

Step: TypeAlias = Literal["ro", "rw", "tmpfs", "proc", "dev", "link", "file"]

_MOST_SINGLE = 64  # hard-linked files bound one by one; with more, their top folders are

_USERS = "root:x:0:0:root:/tmp:/bin/sh\nagent:x:{uid}:{gid}:agent:/tmp:/bin/sh\n"


@dataclass(frozen=True, slots=True)
class Mount:
    """One step: what to put where. `source` is a path, a link's target, a text or a size."""

    step: Step
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Sensitive:
    """What a command must not write although it is in the workspace."""

    git: frozenset[str]  # every `.git`, at any depth
    hard_links: tuple[str, ...]  # files whose content may belong to something outside


def survey(workspace: Path) -> Sensitive:
    """Look through a workspace for what has to be read-only in it."""
    git: set[str] = set()
    linked: list[str] = []
    folders = [str(workspace)]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue  # unreadable for us, so unreadable inside
        for entry in entries:
            if is_git(entry.name):
                git.add(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif (
                entry.is_file(follow_symlinks=False)
                and entry.stat(follow_symlinks=False).st_nlink > 1
            ):
                linked.append(entry.path)
    return Sensitive(frozenset(git), tuple(linked))


def layout(policy: Policy, sensitive: Sensitive) -> list[Mount]:
    """Return the steps, in order: what comes later covers what came before."""
    size = str(policy.limits.memory_bytes)
    workspace = str(policy.workspace)
    mounts = [Mount("proc", "", "/proc"), Mount("dev", "", "/dev"), Mount("tmpfs", size, "/tmp")]  # noqa: S108
    mounts += [Mount("tmpfs", size, "/dev/shm")]  # noqa: S108
    mounts += [_shown(path) for path in policy.shown()]
    mounts.append(Mount("file", _users(), "/etc/passwd"))
    mounts += [Mount("rw", str(path), str(path)) for path in policy.writable]
    mounts.append(Mount("rw", workspace, workspace))
    if policy.protect_git:
        mounts += [Mount("ro", path, path) for path in sorted(sensitive.git)]
    mounts += [Mount("ro", path, path) for path in _covering(sensitive.hard_links, workspace)]
    return mounts


def _users() -> str:
    return _USERS.format(uid=os.getuid(), gid=os.getgid())


def _shown(path: Path) -> Mount:
    """Show a path; a link such as `/bin` stays one, and one in /etc becomes what it points to."""
    if path.is_symlink() and path.parent == Path("/"):
        return Mount("link", str(path.readlink()), str(path))
    return Mount("ro", str(path.resolve()), str(path))


def _covering(paths: tuple[str, ...], workspace: str) -> Iterator[str]:
    """Yield what to make read-only: the files, or where they are many, their top folders."""
    if len(paths) <= _MOST_SINGLE:
        yield from sorted(paths)
        return
    tops = {Path(path).relative_to(workspace).parts[0] for path in paths}
    yield from sorted(str(Path(workspace) / top) for top in tops)


def new_git(before: Sensitive, after: Sensitive) -> list[str]:
    """Return every `.git` that a command made: its hooks would run outside, later."""
    return sorted(after.git - before.git)
