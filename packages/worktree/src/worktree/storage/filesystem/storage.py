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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias

from ...errors import (
    CommitPendingError,
    JournalError,
    LockTimeoutError,
    StaleTokensError,
    StorageError,
)
from ...names import HIDDEN, check_key, join, split
from ..contract import (
    Capabilities,
    Change,
    Contents,
    Entry,
    Expected,
    MakeFolder,
    Put,
    Remove,
    Selection,
    Stored,
    Token,
    check_changes,
    check_selection,
)
from .failures import translated
from .folders import Folders, open_root
from .hidden import Hidden
from .journal import FOLDER, JOURNAL, NEW_JOURNAL, Journal
from .overlay import Overlay
from .rolling import Roller
from .signatures import Signatures, token_of
from .staging import Ground, Staging, Target, folders_needed
from .system import RealSystem, System, can_mount_files, release

Durability: TypeAlias = Literal["process", "power"]
_FIRST_WAIT, _LONGEST_WAIT = 0.0002, 0.01


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
        self.root = str(root) if system is not None else str(Path(root).expanduser().resolve())
        self.durability = durability
        self._durable = durability == "power"
        self._lock_timeout = lock_timeout
        self._system: System = system or RealSystem()
        self._signatures = Signatures()
        self._was_there = False

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
        with translated(self.root):
            made: list[str] = []
            try:
                self._make_root(made)
                with self._locked(exclusive=True) as root_fd:
                    self._finish_interrupted(root_fd)
                    return self._commit(root_fd, changes, expected)
            except BaseException:
                for path in made:
                    with suppress(OSError):
                        self._system.rmdir(path)
                raise

    def recover(self) -> Sequence[str]:
        """Finish what an interrupted commit decided."""
        with translated(self.root):
            if not self._root_exists():
                return ()
            with self._locked(exclusive=True) as root_fd:
                return self._finish_interrupted(root_fd)

    def _commit(
        self, root_fd: int, changes: Sequence[Change], expected: Expected
    ) -> dict[str, Token]:
        tokens = {put.key: token_of(put.data) for put in changes if isinstance(put, Put)}
        with Folders(self._system, self.root, root_fd) as folders:
            ground = self._survey(folders, root_fd, changes, expected)
        with Hidden.opened(self._system, root_fd, durable=self._durable) as hidden:
            try:
                journal = Staging(hidden, ground).stage(changes)
                if journal is not None:
                    hidden.write_journal(journal)
            except BaseException:
                self._undo(hidden, root_fd, NEW_JOURNAL)
                raise
            if journal is None:
                return tokens
            self._decide(hidden, root_fd, tokens)
            for change in changes:
                self._signatures.forget(ground.targets[change.key].key)
            self._bring_about(hidden, root_fd, journal, tokens)
        return tokens

    def _decide(self, hidden: Hidden, root_fd: int, tokens: Mapping[str, Token]) -> None:
        """The commit point. Where the disk refuses, the decision is taken back.

        The stage is thrown away only once the disk has confirmed that the journal is gone: a
        power cut may still bring the journal back, and then it must find its stage complete.
        """
        try:
            hidden.name_journal()
        except BaseException:
            self._undo(hidden, root_fd, NEW_JOURNAL)
            raise
        try:
            hidden.sync()
        except BaseException as error:
            try:
                hidden.drop_journal()
            except OSError:
                raise CommitPendingError(
                    "the disk failed while the commit was decided; it may yet be taken back",
                    location=self.root,
                    is_durable=False,
                    tokens=tokens,
                ) from error
            with suppress(OSError):
                hidden.sync()
                self._undo(hidden, root_fd, NEW_JOURNAL)
            raise

    def _bring_about(
        self, hidden: Hidden, root_fd: int, journal: Journal, tokens: Mapping[str, Token]
    ) -> None:
        try:
            with Folders(self._system, self.root, root_fd) as folders:
                Roller(hidden, folders, root_fd).roll(journal)
        except OSError as error:
            raise CommitPendingError(
                f"the commit is kept in the journal, but putting it in place: {error.strerror}",
                location=self.root,
                is_durable=True,
                tokens=tokens,
            ) from error
        with suppress(OSError):  # Leftovers are swept by the next commit.
            hidden.sweep()

    def _undo(self, hidden: Hidden, root_fd: int, leftover: str) -> None:
        """Take back what was staged, as far as the disk lets us; none of it is visible."""
        with suppress(OSError):
            hidden.drop_journal(leftover)
            hidden.sweep()
        if hidden.made:
            with suppress(OSError):
                self._system.rmdir(FOLDER, dir_fd=root_fd)

    def _survey(
        self, folders: Folders, root_fd: int, changes: Sequence[Change], expected: Expected
    ) -> Ground:
        """Look at everything the commit touches, and hold it against the expectations."""
        removed = {change.key for change in changes if isinstance(change, Remove)}
        keys = sorted({*expected, *(change.key for change in changes)})
        targets = {
            key: self._target(folders, key, follow=key not in removed, known=key in expected)
            for key in keys
        }
        stale = [key for key, token in expected.items() if targets[key].token != token]
        if stale:
            raise StaleTokensError(stale)
        for change in changes:
            self._refuse_wrong_kind(folders, change, targets[change.key])
        resolved = {key: target.key for key, target in targets.items()}
        missing = frozenset(
            folder
            for folder in sorted(folders_needed(changes, resolved))
            if folders.open(folder) is None
        )
        return Ground(self._system.fstat(root_fd).st_dev, targets, missing)

    def _target(self, folders: Folders, key: str, *, follow: bool, known: bool) -> Target:
        found = folders.stat(key) if follow else folders.lstat(key)
        if found is None:
            return Target(key, None)
        real, status = found
        if not known or not stat.S_ISREG(status.st_mode):
            return Target(real, status, "" if known else None)
        token = self._signatures.recall(key, status)
        if token is None:
            content = folders.read(real)
            token = token_of(content[0]) if content is not None else None
        return Target(real, status, token)

    @staticmethod
    def _refuse_wrong_kind(folders: Folders, change: Change, target: Target) -> None:
        if target.status is None:
            return
        is_folder = stat.S_ISDIR(target.status.st_mode)
        if isinstance(change, Put) and not stat.S_ISREG(target.status.st_mode):
            raise folders.wrong_kind(change.key, "an object")
        if isinstance(change, MakeFolder) and not is_folder:
            raise folders.wrong_kind(change.key, "a folder")

    # ── locks, the root, interrupted commits ──────────────────────────────────────────

    @contextmanager
    def _reading(self) -> Iterator[tuple[Folders | None, Overlay]]:
        """A shared lock over a tree without an interrupted commit, or with one laid over it."""
        if not self._root_exists():
            yield None, Overlay.empty()
            return
        can_finish = True
        while True:
            with self._locked(exclusive=False) as root_fd:
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
            with self._locked(exclusive=True) as root_fd:
                self._finish_interrupted(root_fd)
        except OSError:  # Read-only, full or failing: the journal is read instead.
            return False
        return True

    def _finish_interrupted(self, root_fd: int) -> Sequence[str]:
        if not self._has_journal(root_fd):
            return ()
        with Hidden.opened(self._system, root_fd, durable=self._durable) as hidden:
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

    def _root_exists(self) -> bool:
        """Whether the root is there; one that was there and is gone is an error."""
        try:
            release(self._system, open_root(self._system, self.root))
        except FileNotFoundError:
            if self._was_there:
                raise StorageError(
                    "the mount is gone",
                    location=self.root,
                    hint="mount it again, or bring the folder back",
                ) from None
            return False
        self._was_there = True
        return True

    def _make_root(self, made: list[str]) -> None:
        """Make the root of a mount that was never there; `made` gets the folders, inner first."""
        if self._root_exists():
            return
        path = self.root
        missing = [path]
        while not self._exists(path := split(path)[0] or "/"):
            missing.append(path)
        for folder in reversed(missing):
            with suppress(FileExistsError):
                self._system.mkdir(folder)
                made.insert(0, folder)
                self._sync_folder(split(folder)[0] or "/")

    def _sync_folder(self, path: str) -> None:
        if self._durable:
            fd = open_root(self._system, path)
            try:
                self._system.fsync(fd)
            finally:
                release(self._system, fd)

    def _exists(self, path: str) -> bool:
        try:
            release(self._system, open_root(self._system, path))
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _locked(self, *, exclusive: bool) -> Iterator[int]:
        root_fd = open_root(self._system, self.root)
        try:
            self._wait(lambda: self._system.lock(root_fd, exclusive=exclusive))
            try:
                self._was_there = True
                yield root_fd
            finally:
                with suppress(OSError):  # Closing unlocks as well.
                    self._system.unlock(root_fd)
        finally:
            release(self._system, root_fd)

    def _wait(self, attempt: Callable[[], bool]) -> None:
        """Poll for the lock: a blocking wait could not be bounded without signals."""
        deadline = time.monotonic() + self._lock_timeout
        pause = _FIRST_WAIT
        while not attempt():
            if time.monotonic() > deadline:
                raise LockTimeoutError(
                    f"another process holds the mount for more than {self._lock_timeout} s",
                    location=self.root,
                    hint="let it finish, or end it: its lock goes with it",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_WAIT)
