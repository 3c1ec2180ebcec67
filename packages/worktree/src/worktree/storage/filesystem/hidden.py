"""The hidden folder of a mount: the journal, the staging folders, what was rescued."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .journal import FOLDER, JOURNAL, NEW_JOURNAL, STAGES, Journal
from .system import System, release

_FOLDER = (
    os.O_RDONLY
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_CREATE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)

_UNSYNCED = 100
"""How many files are held open until they are waited for: a process may have 1024, or 256."""


class Hidden:
    """The open hidden folder. `durable` says whether to wait for the disk."""

    def __init__(self, system: System, fd: int, *, durable: bool, made: bool) -> None:
        self.system = system
        self.fd = fd
        self.durable = durable
        self.made = made
        self._unsynced: list[int] = []

    @classmethod
    @contextmanager
    def opened(cls, system: System, root_fd: int, *, durable: bool) -> Iterator[Hidden]:
        """Open the hidden folder, making it where there is none."""
        made = False
        try:
            fd = system.open(FOLDER, _FOLDER, dir_fd=root_fd)
        except FileNotFoundError:
            fd = _make(system, root_fd, durable=durable)
            made = True
        hidden = cls(system, fd, durable=durable, made=made)
        try:
            yield hidden
        finally:
            for file in (*hidden._unsynced, fd):
                release(system, file)

    # ── the journal ───────────────────────────────────────────────────────────────────

    def write_journal(self, journal: Journal) -> None:
        """Write the journal under its new name; nothing is decided yet.

        After this the staging folder is on the disk, under its name: a journal that survives a
        power cut must find it.
        """
        self.write_file(NEW_JOURNAL, journal.encode(), flags=os.O_TRUNC)
        self.sync_files()
        self.sync()

    def name_journal(self) -> None:
        """Give the journal its name. Once this is on the disk, the commit has happened."""
        self.system.rename(NEW_JOURNAL, JOURNAL, src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def read_journal(self, location: str) -> Journal | None:
        """The journal of an interrupted commit, if there is one."""
        try:
            file = self.system.open(JOURNAL, os.O_RDONLY, dir_fd=self.fd)
        except FileNotFoundError:
            return None
        try:
            chunks = []
            while chunk := self.system.read(file, 1 << 20):
                chunks.append(chunk)
        finally:
            release(self.system, file)
        return Journal.decode(b"".join(chunks), location)

    def drop_journal(self, name: str = JOURNAL) -> None:
        """Remove the journal, if it is there."""
        try:
            self.system.unlink(name, dir_fd=self.fd)
        except FileNotFoundError:
            return

    def sync(self) -> None:
        """Wait until the names in the hidden folder are on the disk."""
        if self.durable:
            self.system.fsync(self.fd)

    # ── staging folders ───────────────────────────────────────────────────────────────

    def new_stage(self) -> str:
        """Make a staging folder. Names are never used twice: an old journal cannot match."""
        name = f"{STAGES}{secrets.token_hex(8)}"
        self.system.mkdir(name, dir_fd=self.fd)
        return name

    def write_file(
        self, path: str, data: bytes, *, mode: int | None = None, flags: int = os.O_EXCL
    ) -> None:
        """Write a whole file below the hidden folder, with the usual permissions or `mode`.

        It is on the disk once `sync_files` has returned. Files are waited for many at a time: the
        first wait takes the others' data along, and theirs are over at once.
        """
        if len(self._unsynced) >= _UNSYNCED:
            self.sync_files()
        file = self.system.open(path, _CREATE | flags, 0o666, dir_fd=self.fd)
        self._unsynced.append(file)
        view = data
        while view:
            written = self.system.write(file, view)
            view = view[written:]
        if mode is not None:
            self.system.fchmod(file, mode)
        if not self.durable:
            self._close(file)

    def sync_files(self) -> None:
        """Wait until everything that was written is on the disk."""
        for file in self._unsynced:
            self.system.fsync(file)
        while self._unsynced:
            self._close(self._unsynced[-1])

    def _close(self, file: int) -> None:
        self._unsynced.remove(file)
        self.system.close(file)

    def sync_folder(self, path: str) -> None:
        """Wait until the names in a folder below the hidden one are on the disk."""
        if self.durable:
            fd = self.system.open(path, _FOLDER, dir_fd=self.fd)
            try:
                self.system.fsync(fd)
            finally:
                release(self.system, fd)

    @contextmanager
    def folder(self, path: str) -> Iterator[int]:
        """Open a folder below the hidden one."""
        fd = self.system.open(path, _FOLDER, dir_fd=self.fd)
        try:
            yield fd
        finally:
            release(self.system, fd)

    def sweep(self) -> None:
        """Remove every staging folder. Only sound while no journal needs one."""
        for name in self.system.listdir(self.fd):
            if name.startswith(STAGES):
                self.remove_tree(self.fd, name)

    def remove_tree(self, above: int, name: str) -> None:
        """Remove a folder and all that is in it, or a file, never following a link."""
        if not stat.S_ISDIR(self.system.lstat(name, dir_fd=above).st_mode):
            self.system.unlink(name, dir_fd=above)
            return
        fd = self.system.open(name, _FOLDER, dir_fd=above)
        try:
            for inner in self.system.listdir(fd):
                self.remove_tree(fd, inner)
        finally:
            release(self.system, fd)
        self.system.rmdir(name, dir_fd=above)


def _make(system: System, root_fd: int, *, durable: bool) -> int:
    """Make the hidden folder and open it, or leave nothing behind."""
    system.mkdir(FOLDER, dir_fd=root_fd)
    try:
        if durable:
            system.fsync(root_fd)
        return system.open(FOLDER, _FOLDER, dir_fd=root_fd)
    except OSError:
        with suppress(OSError):
            system.rmdir(FOLDER, dir_fd=root_fd)
        raise
