"""What others wrote between a crash and its recovery, kept where the recovery does not need it.

A commit that was decided wins over an edit that knew nothing of it; the edit is moved to
`.worktree/rescued/<number>/<its key>`. It stays there until somebody who has looked at it drops
it: worktree cannot know which version people want.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...names import ancestors, join
from .folders import Folders
from .hidden import Hidden
from .journal import FOLDER, RESCUED


@dataclass(frozen=True, slots=True)
class Rescued:
    """A file that was moved aside: the key that it had, and where it is now."""

    key: str
    path: Path


def place_for(hidden: Hidden, key: str) -> str:
    """A new place for what is stored under a key, relative to the hidden folder."""
    place = f"{RESCUED}/{secrets.token_hex(8)}/{key}"
    for folder in ancestors(place):
        with suppress(FileExistsError):
            hidden.system.mkdir(folder, dir_fd=hidden.fd)
    return place


def find_rescued(hidden: Hidden, root: str) -> list[Rescued]:
    """Every file that was moved aside, sorted by key."""
    top = f"{root}/{FOLDER}"
    with Folders(hidden.system, top, hidden.fd) as folders:
        numbers = folders.names(RESCUED)
        found = [
            Rescued(key, Path(top, RESCUED, number, key))
            for number in numbers
            for key in _files(folders, f"{RESCUED}/{number}", "")
        ]
    return sorted(found, key=lambda rescued: (rescued.key, rescued.path))


def _files(folders: Folders, top: str, below: str) -> Iterator[str]:
    folder = join(top, below) if below else top
    for name in folders.names(folder):
        key = join(below, name)
        if folders.is_folder(f"{top}/{key}"):
            yield from _files(folders, top, key)
        else:
            yield key


def drop_rescued(hidden: Hidden) -> None:
    """Remove everything that was moved aside."""
    with suppress(FileNotFoundError):
        hidden.remove_tree(hidden.fd, RESCUED)
