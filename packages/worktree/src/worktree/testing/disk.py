"""A disk in memory that can lose what was not synced, for tests of crash safety.

It promises as little as POSIX does. A file's bytes are safe once the file is synced; a name is
safe once its folder is. On a crash each unsynced change of a name is lost or kept on its own,
in any combination, and each unsynced file holds its old bytes, its new ones, or a part; bytes
that were safe and not written over stay.
A rename is one change, of two folders; syncing either of them makes it safe.
"""

from __future__ import annotations

import errno
import os
import random
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

_ROOT = 0


@dataclass(slots=True)
class _Inode:
    """A file or a folder, as it is now (`data`, `names`) and as it is on the disk (`safe_…`)."""

    number: int
    is_folder: bool
    mode: int
    data: bytes = b""
    safe_data: bytes = b""
    names: dict[str, int] = field(default_factory=dict)
    safe_names: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _NameChange:
    """Names that change together: (folder, name, inode or None for gone)."""

    steps: tuple[tuple[int, str, int | None], ...]


@dataclass(slots=True)
class _Handle:
    inode: int
    offset: int = 0


class Disk:
    """A file system in memory; it has the calls that `FilesystemStorage` makes."""

    def __init__(self) -> None:
        self._inodes = {_ROOT: _Inode(_ROOT, is_folder=True, mode=stat.S_IFDIR | 0o755)}
        self._handles: dict[int, _Handle] = {}
        self._pending: list[_NameChange] = []
        self._numbers = count(1)
        self._fds = count(1000)
        self._clock = count(1)

    # ── crashes ───────────────────────────────────────────────────────────────────────

    @property
    def unsynced(self) -> int:
        """How many changes a crash could lose."""
        return len(self._pending) + len(self._dirty())

    def after_crash(self, keeps: Callable[[int], bool], rng: random.Random | None = None) -> Disk:
        """The disk after a power cut; `keeps(i)` says whether unsynced change i survived.

        With `rng`, files that survive may do so in part.
        """
        left = Disk()
        left._numbers = count(next(self._numbers))
        dirty = {inode.number: i for i, inode in enumerate(self._dirty(), len(self._pending))}
        left._inodes = {
            number: self._survivor(inode, dirty.get(number), keeps, rng)
            for number, inode in self._inodes.items()
        }
        for i, change in enumerate(self._pending):
            if keeps(i):
                _apply(left._inodes, change)
        for inode in left._inodes.values():
            inode.names = dict(inode.safe_names)
        return left

    def copy(self) -> Disk:
        """The same disk again, as a process finds it that starts now: nothing is lost."""
        twin = Disk()
        twin._numbers = count(next(self._numbers))
        twin._pending = list(self._pending)
        twin._inodes = {
            number: _Inode(
                number,
                inode.is_folder,
                inode.mode,
                inode.data,
                inode.safe_data,
                dict(inode.names),
                dict(inode.safe_names),
            )
            for number, inode in self._inodes.items()
        }
        return twin

    def tree(self, path: str) -> dict[str, bytes]:
        """Every file below a folder, by its path; empty where there is no folder."""
        top = self._walk(_ROOT, path)
        return {} if top is None else dict(self._files(top, ""))

    def fingerprint(self) -> tuple[tuple[str, bytes | None], ...]:
        """Everything that a process could read, folders included; equal for equal disks."""
        return tuple(self._everything(_ROOT, ""))

    def _everything(self, folder: int, prefix: str) -> Iterator[tuple[str, bytes | None]]:
        for name, number in sorted(self._inodes[folder].names.items()):
            inode = self._inodes[number]
            yield prefix + name, None if inode.is_folder else inode.data
            if inode.is_folder:
                yield from self._everything(number, f"{prefix}{name}/")

    def _files(self, folder: int, prefix: str) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for name, number in sorted(self._inodes[folder].names.items()):
            inode = self._inodes[number]
            if inode.is_folder:
                found += self._files(number, f"{prefix}{name}/")
            else:
                found.append((prefix + name, inode.data))
        return found

    def _dirty(self) -> list[_Inode]:
        return [inode for inode in self._inodes.values() if inode.data != inode.safe_data]

    @staticmethod
    def _survivor(
        inode: _Inode, index: int | None, keeps: Callable[[int], bool], rng: random.Random | None
    ) -> _Inode:
        data = inode.safe_data
        if index is not None and keeps(index):
            data = inode.data
            if rng is not None and rng.random() < 0.5:
                untouched = _shared(inode.safe_data, inode.data)
                data = inode.data[: rng.randint(untouched, len(inode.data))]
        names = dict(inode.safe_names)
        return _Inode(inode.number, inode.is_folder, inode.mode, data, data, dict(names), names)

    # ── the calls of a System ─────────────────────────────────────────────────────────

    def open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """Open, making the file where O_CREAT says so."""
        folder, name = self._parent(path, dir_fd)
        number = folder if not name else self._inodes[folder].names.get(name)
        if number is None:
            if not flags & os.O_CREAT:
                raise _error(errno.ENOENT, path)
            number = self._new(is_folder=False, mode=stat.S_IFREG | (mode & 0o644))
            self._change((folder, name, number))
        elif flags & os.O_EXCL and flags & os.O_CREAT:
            raise _error(errno.EEXIST, path)
        inode = self._inodes[number]
        if flags & os.O_DIRECTORY and not inode.is_folder:
            raise _error(errno.ENOTDIR, path)
        if flags & os.O_TRUNC:
            inode.data = b""
        fd = next(self._fds)
        self._handles[fd] = _Handle(number)
        return fd

    def close(self, fd: int) -> None:
        """Close."""
        self._handles.pop(fd, None)

    def read(self, fd: int, size: int) -> bytes:
        """Read from where the last read ended."""
        handle = self._handles[fd]
        data = self._inodes[handle.inode].data[handle.offset : handle.offset + size]
        handle.offset += len(data)
        return data

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """Write where the last write ended."""
        handle = self._handles[fd]
        written = self.pwrite(fd, data, handle.offset)
        handle.offset += written
        return written

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:
        """Write at an offset."""
        inode = self._inodes[self._handles[fd].inode]
        before = inode.data[:offset].ljust(offset, b"\0")
        inode.data = before + bytes(data) + inode.data[offset + len(data) :]
        return len(data)

    def ftruncate(self, fd: int, length: int) -> None:
        """Cut."""
        inode = self._inodes[self._handles[fd].inode]
        inode.data = inode.data[:length].ljust(length, b"\0")

    def fsync(self, fd: int) -> None:
        """Make a file's bytes, or a folder's names, safe."""
        inode = self._inodes[self._handles[fd].inode]
        inode.safe_data = inode.data
        if inode.is_folder:
            left = []
            for change in self._pending:
                if any(folder == inode.number for folder, _, _ in change.steps):
                    _apply(self._inodes, change)
                else:
                    left.append(change)
            self._pending = left

    def fchmod(self, fd: int, mode: int) -> None:
        """Set permissions; they are not lost here."""
        inode = self._inodes[self._handles[fd].inode]
        inode.mode = stat.S_IFMT(inode.mode) | mode

    def fstat(self, fd: int) -> os.stat_result:
        """Look at an open file."""
        return self._status(self._handles[fd].inode)

    def lstat(self, path: str, *, dir_fd: int) -> os.stat_result:
        """Look at a name."""
        folder, name = self._parent(path, dir_fd)
        number = self._inodes[folder].names.get(name)
        if number is None:
            raise _error(errno.ENOENT, path)
        return self._status(number)

    def rename(self, src: str, dst: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        """Rename; both names change together."""
        from_folder, from_name = self._parent(src, src_dir_fd)
        to_folder, to_name = self._parent(dst, dst_dir_fd)
        number = self._inodes[from_folder].names.get(from_name)
        if number is None:
            raise _error(errno.ENOENT, src)
        there = self._inodes[to_folder].names.get(to_name)
        if there is not None and self._inodes[there].is_folder:
            if not self._inodes[number].is_folder:
                raise _error(errno.EISDIR, dst)
            if self._inodes[there].names:
                raise _error(errno.ENOTEMPTY, dst)
        elif there is not None and self._inodes[number].is_folder:
            raise _error(errno.ENOTDIR, dst)
        self._change((from_folder, from_name, None), (to_folder, to_name, number))

    def unlink(self, path: str, *, dir_fd: int) -> None:
        """Remove a name."""
        folder, name = self._parent(path, dir_fd)
        number = self._inodes[folder].names.get(name)
        if number is None:
            raise _error(errno.ENOENT, path)
        if self._inodes[number].is_folder:
            raise _error(errno.EISDIR, path)
        self._change((folder, name, None))

    def mkdir(self, path: str, *, dir_fd: int | None = None) -> None:
        """Make a folder."""
        folder, name = self._parent(path, dir_fd)
        if name in self._inodes[folder].names:
            raise _error(errno.EEXIST, path)
        number = self._new(is_folder=True, mode=stat.S_IFDIR | 0o755)
        self._change((folder, name, number))

    def rmdir(self, path: str, *, dir_fd: int | None = None) -> None:
        """Remove an empty folder."""
        folder, name = self._parent(path, dir_fd)
        number = self._inodes[folder].names.get(name)
        if number is None:
            raise _error(errno.ENOENT, path)
        if self._inodes[number].names:
            raise _error(errno.ENOTEMPTY, path)
        self._change((folder, name, None))

    def listdir(self, fd: int) -> list[str]:
        """The names in a folder."""
        return list(self._inodes[self._handles[fd].inode].names)

    def lock(self, fd: int, *, exclusive: bool) -> bool:
        """One process at a time uses this disk, so a lock is always free."""
        del fd, exclusive
        return True

    def unlock(self, fd: int) -> None:
        """Nothing is held."""

    # ── names and inodes ──────────────────────────────────────────────────────────────

    def _new(self, *, is_folder: bool, mode: int) -> int:
        number = next(self._numbers)
        self._inodes[number] = _Inode(number, is_folder, mode)
        return number

    def _change(self, *steps: tuple[int, str, int | None]) -> None:
        for folder, name, number in steps:
            _set(self._inodes[folder].names, name, number)
        self._pending.append(_NameChange(steps))

    def _parent(self, path: str, dir_fd: int | None) -> tuple[int, str]:
        start = _ROOT if path.startswith("/") or dir_fd is None else self._handles[dir_fd].inode
        above, _, name = path.strip("/").rpartition("/")
        folder = self._walk(start, above)
        if folder is None:
            raise _error(errno.ENOENT, path)
        if not self._inodes[folder].is_folder:
            raise _error(errno.ENOTDIR, path)
        return folder, name

    def _walk(self, start: int, path: str) -> int | None:
        here: int | None = start
        for name in filter(None, path.split("/")):
            if here is None:
                return None
            here = self._inodes[here].names.get(name)
        return here

    def _status(self, number: int) -> os.stat_result:
        inode = self._inodes[number]
        now = next(self._clock) * 10**9
        seconds = (inode.mode, number, 1, 1, 0, 0, len(inode.data), 0, now // 10**9, 0)
        far_ahead = 2**62
        return os.stat_result(seconds, {"st_mtime_ns": now, "st_ctime_ns": far_ahead})


def _apply(inodes: dict[int, _Inode], change: _NameChange) -> None:
    for folder, name, number in change.steps:
        _set(inodes[folder].safe_names, name, number)


def _set(names: dict[str, int], name: str, number: int | None) -> None:
    if number is None:
        names.pop(name, None)
    else:
        names[name] = number


def _shared(before: bytes, after: bytes) -> int:
    """How many bytes two contents have in common at their start."""
    size = min(len(before), len(after))
    return next((i for i in range(size) if before[i] != after[i]), size)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
