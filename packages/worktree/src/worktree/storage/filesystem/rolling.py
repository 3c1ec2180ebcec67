"""The second half of a commit: what the journal decided, brought about, any number of times.

A step is a rename between the staging folder and the tree; whether it was done is seen in the
staging folder. So a replay after a crash, or after a crash of a replay, ends in the same tree.
What somebody changed between the crash and the replay is moved aside, never overwritten.
"""

from __future__ import annotations

import errno
import logging
import os

from ...errors import UnsafeNameError, WrongKindError
from ...names import split
from .folders import Folders
from .hidden import Hidden
from .journal import FOLDER, Append, Journal, MoveIn, MoveOut
from .rescued import place_for
from .signatures import token_of

_log = logging.getLogger("worktree")
_IN_THE_WAY = {errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR}
_WRITE = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Roller:
    """Brings about what a journal decided."""

    def __init__(self, hidden: Hidden, folders: Folders, root_fd: int) -> None:
        self._hidden = hidden
        self._system = hidden.system
        self._folders = folders
        self._root_fd = root_fd
        self._touched: set[str] = set()

    def replay(self, journal: Journal) -> list[str]:
        """Finish an interrupted commit; the keys that were still missing.

        What the interrupted process did may not have reached the disk. The journal must get
        there before the tree changes, and every folder of the tree before the journal goes.
        """
        self._hidden.sync()
        self._touched.update(split(key)[0] for key in journal.changed_keys())
        return self.roll(journal, recovering=True)

    def roll(self, journal: Journal, *, recovering: bool = False) -> list[str]:
        """Take every step that is not yet taken, then drop the journal and its stage."""
        done: list[str] = []
        try:
            with self._hidden.folder(journal.stage) as stage:
                staged = set(self._system.listdir(stage))
                for out in journal.moves_out:
                    if out.staged in staged:
                        continue
                    if recovering and self._is_foreign(out):
                        self._rescue_from(out)
                    elif self._move_out(out, stage):
                        done.append(out.key)
                for into in sorted(journal.moves_in, key=lambda move: move.key):
                    if into.staged in staged:
                        self._move_in(into, stage, recovering=recovering)
                        done.append(into.key)
        except FileNotFoundError:
            if self._stage_exists(journal.stage):
                raise
        done += [tail.key for tail in journal.appends if self._append(tail)]
        self._sync_touched()
        self._hidden.drop_journal()
        if journal.moves_out:
            self._hidden.sync()
        return done

    def _stage_exists(self, stage: str) -> bool:
        return stage in self._system.listdir(self._hidden.fd)

    def _move_out(self, move: MoveOut, stage: int) -> bool:
        folder, name = split(move.key)
        fd = self._folders.open(folder)
        if fd is None:
            return False
        try:
            self._system.rename(name, move.staged, src_dir_fd=fd, dst_dir_fd=stage)
        except FileNotFoundError:
            return False
        self._touched.add(folder)
        return True

    def _move_in(self, move: MoveIn, stage: int, *, recovering: bool) -> None:
        folder, name = split(move.key)
        fd = self._open_or_make(folder)
        if recovering and self._is_foreign(move):
            self._rescue(move.key, fd)
        try:
            self._system.rename(move.staged, name, src_dir_fd=stage, dst_dir_fd=fd)
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise
            self._rescue(move.key, fd)
            self._system.rename(move.staged, name, src_dir_fd=stage, dst_dir_fd=fd)
        self._touched.add(folder)

    def _is_foreign(self, move: MoveIn | MoveOut) -> bool:
        """Whether somebody wrote the target after the commit was decided."""
        if move.was is None:
            return False
        try:
            found = self._folders.read(move.key)
        except (WrongKindError, UnsafeNameError):  # A folder, a pipe, a link that leads out.
            return True
        return found is not None and token_of(found[0]) != move.was

    def _rescue(self, key: str, fd: int) -> None:
        aside = place_for(self._hidden, key)
        self._system.rename(split(key)[1], aside, src_dir_fd=fd, dst_dir_fd=self._hidden.fd)
        _log.warning(
            "%s was changed by somebody else; their version is kept in %s/%s", key, FOLDER, aside
        )

    def _rescue_from(self, out: MoveOut) -> None:
        folder = split(out.key)[0]
        fd = self._folders.open(folder)
        if fd is not None:
            self._rescue(out.key, fd)
            self._touched.add(folder)

    def _append(self, tail: Append) -> bool:
        """Complete the tail of a file; lines that somebody added meanwhile stay."""
        folder, name = split(tail.key)
        file = self._system.open(name, _WRITE, 0o666, dir_fd=self._open_or_make(folder))
        try:
            size = self._system.fstat(file).st_size
            there = self._tail(tail.key, tail.offset) if size > tail.offset else b""
            is_missing = not there.startswith(tail.data)
            offset, data = min(tail.offset, size), tail.data if is_missing else b""
            if is_missing and not tail.data.startswith(there):
                offset, data = size, b"\n" + tail.data
            while data:
                written = self._system.pwrite(file, data, offset)
                offset, data = offset + written, data[written:]
            if self._hidden.durable:
                self._system.fsync(file)
        finally:
            self._system.close(file)
        self._touched.add(folder)
        return is_missing

    def _tail(self, key: str, offset: int) -> bytes:
        found = self._folders.read(key)
        return found[0][offset:] if found is not None else b""

    def _open_or_make(self, folder: str) -> int:
        """Open a folder; one that somebody removed since the commit was decided comes back."""
        fd = self._folders.open(folder)
        if fd is not None:
            return fd
        above, name = split(folder)
        self._system.mkdir(name, dir_fd=self._open_or_make(above))
        self._touched.add(above)
        fd = self._folders.open(folder)
        if fd is None:
            raise UnsafeNameError(folder, "is a link that leads nowhere")
        return fd

    def _sync_touched(self) -> None:
        if not self._hidden.durable:
            return
        for folder in sorted(self._touched):
            fd = self._folders.open(folder)
            if fd is not None:
                self._system.fsync(fd)
