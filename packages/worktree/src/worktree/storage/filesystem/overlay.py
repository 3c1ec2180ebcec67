"""An interrupted commit, read through its journal where it cannot be finished.

On a read-only or full disk the journal of a commit that was decided cannot be replayed. The
tree that it decided can still be read: staged files stand for those they will replace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ...names import split
from .folders import Folders
from .hidden import Hidden
from .journal import FOLDER, JOURNAL, Journal
from .system import System


class Overlay:
    """What an interrupted commit would change: per key the new bytes, or None for removed."""

    def __init__(self, objects: dict[str, bytes | None], folders: set[str]) -> None:
        self._objects = objects
        self._folders = folders

    @classmethod
    def empty(cls) -> Overlay:
        """Nothing was interrupted."""
        return cls({}, set())

    @classmethod
    @contextmanager
    def over(cls, system: System, root_fd: int, root: str, *, pending: bool) -> Iterator[Overlay]:
        """Read the journal and what it staged, or nothing where nothing is pending."""
        if not pending:
            yield cls.empty()
            return
        with Hidden.opened(system, root_fd, durable=False) as hidden:
            journal = hidden.read_journal(f"{root}/{FOLDER}/{JOURNAL}")
            overlay = cls.empty()
            if journal is not None:
                overlay._load(journal, hidden, root)
                with Folders(system, root, root_fd) as folders:
                    overlay._complete(journal, folders)
            yield overlay

    def __contains__(self, key: str) -> bool:
        return key in self._objects or any(
            data is None and key.startswith(f"{removed}/")
            for removed, data in self._objects.items()
        )

    def read(self, key: str) -> bytes | None:
        """The bytes that a key will have; None where it will be gone."""
        return self._objects.get(key)

    def has_folder(self, folder: str) -> bool:
        """Whether the commit makes this folder."""
        return folder in self._folders

    def amend(self, folder: str, kinds: dict[str, str]) -> None:
        """Bring the names found in a folder up to date, in place."""
        for key, data in self._objects.items():
            above, name = split(key)
            if above == folder:
                if data is None:
                    kinds.pop(name, None)
                else:
                    kinds[name] = "object"
        for key in self._folders:
            if key and split(key)[0] == folder:
                kinds[split(key)[1]] = "folder"

    def _load(self, journal: Journal, hidden: Hidden, root: str) -> None:
        with suppress(FileNotFoundError), hidden.folder(journal.stage) as stage:
            staged = set(hidden.system.listdir(stage))
            with Folders(hidden.system, f"{root}/{FOLDER}/{journal.stage}", stage) as folders:
                for out in journal.moves_out:
                    if out.staged not in staged:
                        self._objects[out.key] = None
                for into in journal.moves_in:
                    if into.staged in staged:
                        self._graft(folders, into.staged, into.key)

    def _graft(self, stage: Folders, staged: str, key: str) -> None:
        """Take over a staged file, or a staged folder with all that is in it."""
        if not stage.is_folder(staged):
            found = stage.read(staged)
            if found is not None:
                self._objects[key] = found[0]
            return
        self._folders.add(key)
        for name in stage.names(staged):
            self._graft(stage, f"{staged}/{name}", f"{key}/{name}")

    def _complete(self, journal: Journal, folders: Folders) -> None:
        for tail in journal.appends:
            found = folders.read(tail.key)
            self._objects[tail.key] = (found[0] if found else b"")[: tail.offset] + tail.data
