"""Plain files in a folder, written by commits that happen wholly or not at all.

What is promised: a process that is killed, a disk that is full or failing, and, with
`durability="power"`, a power cut leave the tree as it was before a commit or as it is after,
never in between. Processes that use worktree exclude each other with a lock that the kernel
drops when its holder dies. What is not promised: isolation from programs that know nothing of
the lock (their edits are noticed by their content, unless they fall between the check and the
rename), and locks on network file systems.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias

from ...errors import JournalError, StorageError
from ...names import HIDDEN, check_key, join
from ..contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    Selection,
    Stored,
    Token,
    check_changes,
    check_selection,
)
from .committing import Committing
from .failures import translated
from .folders import Folders
from .hidden import Hidden
from .journal import FOLDER, JOURNAL
from .mountpoint import Mountpoint
from .overlay import Overlay
from .rescued import Rescued, drop_rescued, find_rescued
from .rolling import Roller
from .signatures import Signatures, token_of
from .system import RealSystem, System, can_mount_files

Durability: TypeAlias = Literal["process", "power"]


class FilesystemStorage:
    """A folder of plain files.

    `durability="process"` survives the death of the process; "power" also that of the machine,
    by waiting for the disk. `lock_timeout` is how long to wait for another process, in seconds.
    """

    capabilities = Capabilities(atomic="tree")

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        durability: Durability = "power",
        lock_timeout: float = 30.0,
        system: System | None = None,
    ) -> None:
        if not can_mount_files():
            raise StorageError("the filesystem driver needs Linux or macOS", location=str(root))
        if durability not in {"process", "power"}:
            raise StorageError(f"durability is 'process' or 'power', not {durability!r}")
        self.root = str(root) if system is not None else _resolved(root)
        self.durability = durability
        self._system: System = system or RealSystem()
        self._mountpoint = Mountpoint(
            self.root, self._system, durable=durability == "power", lock_timeout=lock_timeout
        )
        self._signatures = Signatures()

    # ── reading ───────────────────────────────────────────────────────────────────────

    def read(self, selection: Selection) -> Contents:
        """Read under a shared lock; an interrupted commit is finished first."""
        check_selection(selection)
        with translated(self.root), self._reading() as (folders, overlay):
            found = Contents()
            if folders is None:
                return found
            keys = sorted(selection.objects)
            for members in selection.members:
                keys += self._members(folders, overlay, members.folder, members.suffix)
            for key in keys:
                stored = self._stored(folders, overlay, key)
                if stored is not None:
                    found.objects[key] = stored
            for folder in selection.folders:
                if overlay.has_folder(folder) or folders.open(folder) is not None:
                    found.folders.add(folder)
            return found

    def entries(self, folder: str) -> Sequence[Entry] | None:
        """List a folder; a link shows as what it leads to, one that leads out as an object."""
        check_key(folder)
        with translated(self.root), self._reading() as (folders, overlay):
            if folders is None:
                return None
            kinds: dict[str, str] = {}
            fd = folders.open(folder)
            if fd is not None:
                for name in self._system.listdir(fd):
                    mode = self._system.lstat(name, dir_fd=fd).st_mode
                    kinds[name] = self._kind(join(folder, name), mode)
            elif not overlay.has_folder(folder):
                return None
            overlay.amend(folder, kinds)
            return [
                Entry(name, "folder" if kinds[name] == "folder" else "object")
                for name in sorted(kinds)
                if folder or name != HIDDEN
            ]

    def locate(self, key: str) -> str:
        """The path of a key."""
        return f"{self.root}/{key}" if key else self.root

    def _kind(self, key: str, mode: int) -> str:
        if stat.S_ISLNK(mode):
            target = os.path.realpath(self.locate(key))
            is_inside = Path(target).is_relative_to(self.root)
            return "folder" if is_inside and Path(target).is_dir() else "object"
        return "folder" if stat.S_ISDIR(mode) else "object"

    def _members(
        self, folders: Folders, overlay: Overlay, folder: str, suffix: str
    ) -> Sequence[str]:
        fd = folders.open(folder)
        names = dict.fromkeys(self._system.listdir(fd) if fd is not None else (), "object")
        overlay.amend(folder, names)
        return [
            check_key(join(folder, name))
            for name in sorted(names)
            if name.endswith(suffix) and not name.startswith(".")
        ]

    def _stored(self, folders: Folders, overlay: Overlay, key: str) -> Stored | None:
        if key in overlay:
            data = overlay.read(key)
            return None if data is None else Stored(data, token_of(data))
        found = folders.read(key)
        if found is None:
            return None
        data, status = found
        token = token_of(data)
        self._signatures.remember(key, status, token)
        return Stored(data, token)

    # ── writing ───────────────────────────────────────────────────────────────────────

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Lock, check, stage, decide, roll forward."""
        check_changes(changes, expected)
        with (
            translated(self.root),
            self._mountpoint.made(),
            self._mountpoint.locked(exclusive=True) as root_fd,
        ):
            self._finish_interrupted(root_fd)
            return Committing(self._mountpoint, root_fd, self._signatures).make(changes, expected)

    # ── interrupted commits ───────────────────────────────────────────────────────────

    def recover(self) -> Sequence[str]:
        """Finish what an interrupted commit decided."""
        with translated(self.root):
            if not self._mountpoint.is_there():
                return ()
            with self._mountpoint.locked(exclusive=True) as root_fd:
                return self._finish_interrupted(root_fd)

    def rescued(self) -> Sequence[Rescued]:
        """What others wrote between a crash and its recovery: moved aside, not written over."""
        with translated(self.root), self._hidden() as hidden:
            return find_rescued(hidden, self.root) if hidden is not None else []

    def drop_rescued(self) -> None:
        """Remove what was moved aside, once somebody has looked at it."""
        with translated(self.root), self._hidden() as hidden:
            if hidden is not None:
                drop_rescued(hidden)

    @contextmanager
    def _hidden(self) -> Iterator[Hidden | None]:
        """The hidden folder, for us alone; None where there is no mount."""
        if not self._mountpoint.is_there():
            yield None
            return
        durable = self._mountpoint.durable
        with (
            self._mountpoint.locked(exclusive=True) as root_fd,
            Hidden.opened(self._system, root_fd, durable=durable) as hidden,
        ):
            yield hidden

    @contextmanager
    def _reading(self) -> Iterator[tuple[Folders | None, Overlay]]:
        """A shared lock over a tree without an interrupted commit, or with one laid over it."""
        if not self._mountpoint.is_there():
            yield None, Overlay.empty()
            return
        can_finish = True
        while True:
            with self._mountpoint.locked(exclusive=False) as root_fd:
                pending = self._has_journal(root_fd)
                if not pending or not can_finish:
                    with (
                        Folders(self._system, self.root, root_fd) as folders,
                        Overlay.over(self._system, root_fd, self.root, pending=pending) as overlay,
                    ):
                        yield folders, overlay
                    return
            can_finish = self._try_to_finish()

    def _try_to_finish(self) -> bool:
        try:
            with self._mountpoint.locked(exclusive=True) as root_fd:
                self._finish_interrupted(root_fd)
        except OSError:  # Read-only, full or failing: the journal is read instead.
            return False
        return True

    def _finish_interrupted(self, root_fd: int) -> Sequence[str]:
        if not self._has_journal(root_fd):
            return ()
        durable = self._mountpoint.durable
        with Hidden.opened(self._system, root_fd, durable=durable) as hidden:
            journal = hidden.read_journal(f"{self.root}/{FOLDER}/{JOURNAL}")
            if journal is None:
                return ()
            with Folders(self._system, self.root, root_fd) as folders:
                done = Roller(hidden, folders, root_fd).replay(journal)
            with suppress(OSError):
                hidden.sweep()
            return done

    def _has_journal(self, root_fd: int) -> bool:
        try:
            self._system.lstat(f"{FOLDER}/{JOURNAL}", dir_fd=root_fd)
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            raise JournalError(
                f"{FOLDER!r} is a file, but worktree keeps its journal in a folder of that name",
                location=self.root,
                hint="move the file away",
            ) from None
        return True


def _resolved(root: str | os.PathLike[str]) -> str:
    try:
        return str(Path(root).expanduser().resolve())
    except RuntimeError as error:  # A home that does not exist, or a loop of links.
        raise StorageError(str(error), location=str(root), hint="write the path in full") from error
