"""Open folders, walked name by name from the root, never through a symbolic link.

A file is opened relative to its folder's descriptor and never by a path, so nobody can swap a
folder for a link between the check and the use.
"""

from __future__ import annotations

import errno
import os
import stat
from types import TracebackType

from ...errors import UnsafeNameError, WrongKindError
from ...names import split
from .system import System, release

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CHUNK = 1 << 20


def open_root(system: System, root: str) -> int:
    """Open the root of a mount, which may itself be reached through links."""
    return system.open(root, _FOLDER)


class Folders:
    """The open folders from the root down to the one in use; a context that closes them.

    Asked for keys in sorted order, each folder is opened once, and no more folders are open at
    a time than the tree is deep.
    """

    def __init__(self, system: System, root: str, root_fd: int) -> None:
        self._system = system
        self._root = root
        self._root_fd = root_fd
        self._names: list[str] = []
        self._fds: list[int] = []
        self._current = ""

    def __enter__(self) -> Folders:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        while self._fds:
            self._leave()

    def open(self, folder: str) -> int | None:
        """The descriptor of a folder, valid until the next call; None where there is none."""
        if folder == self._current:
            return self._fds[-1] if self._fds else self._root_fd
        names = folder.split("/") if folder else []
        shared = 0
        while shared < min(len(names), len(self._names)) and names[shared] == self._names[shared]:
            shared += 1
        while len(self._names) > shared:
            self._leave()
        for name in names[shared:]:
            if not self._enter(name):
                resolved = self._inside("/".join(names))
                return None if resolved is None else self.open(resolved)
        return self._fds[-1] if self._fds else self._root_fd

    def stat(self, key: str) -> tuple[str, os.stat_result] | None:
        """The key and status of what is stored under a key; a link inside the mount is followed.

        The returned key differs from the asked one where the last name is a link.
        """
        found = self.lstat(key)
        if found is None or not stat.S_ISLNK(found[1].st_mode):
            return found
        resolved = self._inside(key)
        return None if resolved is None else self.stat(resolved)

    def lstat(self, key: str) -> tuple[str, os.stat_result] | None:
        """Like `stat`, but a link as last name is looked at itself."""
        folder, name = split(key)
        fd = self.open(folder)
        if fd is None:
            return None
        try:
            return key, self._system.lstat(name, dir_fd=fd)
        except FileNotFoundError:
            return None

    def is_folder(self, key: str) -> bool:
        """Whether a folder, reached through no link, is stored under a key."""
        found = self.lstat(key)
        return found is not None and stat.S_ISDIR(found[1].st_mode)

    def names(self, folder: str) -> list[str]:
        """The names in a folder."""
        fd = self.open(folder)
        return [] if fd is None else self._system.listdir(fd)

    def read(self, key: str) -> tuple[bytes, os.stat_result] | None:
        """The bytes of a file, and its status from before they were read."""
        folder, name = split(key)
        fd = self.open(folder)
        if fd is None:
            return None
        try:
            file = self._system.open(name, _FILE, dir_fd=fd)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENXIO}:
                raise
            if error.errno == errno.ENXIO:
                raise self.wrong_kind(key, "an object") from error
            resolved = self._inside(key)
            return None if resolved is None else self.read(resolved)
        try:
            status = self._system.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise self.wrong_kind(key, "an object")
            return self._drain(file, status.st_size), status
        finally:
            release(self._system, file)

    def wrong_kind(self, key: str, expected: str) -> WrongKindError:
        """The error for a name that holds something else than was expected."""
        return WrongKindError(
            f"{expected} was expected here, something else was found",
            location=f"{self._root}/{key}",
            hint="move it away",
        )

    def _drain(self, file: int, size: int) -> bytes:
        data = self._system.read(file, size + 1)
        if len(data) == size:
            return data
        chunks = [data]
        while chunks[-1]:
            chunks.append(self._system.read(file, _CHUNK))
        return b"".join(chunks)

    def _enter(self, name: str) -> bool:
        """Open `name` in the current folder; False where it is absent or a link."""
        above = self._fds[-1] if self._fds else self._root_fd
        try:
            fd = self._system.open(name, _FOLDER | _NO_LINK, dir_fd=above)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                raise
            if stat.S_ISLNK(self._system.lstat(name, dir_fd=above).st_mode):
                return False
            key = f"{self._current}/{name}" if self._current else name
            raise self.wrong_kind(key, "a folder") from error
        self._names.append(name)
        self._fds.append(fd)
        self._current = "/".join(self._names)
        return True

    def _leave(self) -> None:
        release(self._system, self._fds.pop())
        self._names.pop()
        self._current = "/".join(self._names)

    def _inside(self, key: str) -> str | None:
        """Where a path with links in it leads, as a key; None where it leads to nothing.

        Raises UnsafeNameError where it leads out of the mount.
        """
        path = f"{self._root}/{key}"
        real = os.path.realpath(path)
        top = os.path.realpath(self._root)
        if real != top and not real.startswith(top.rstrip("/") + "/"):
            raise UnsafeNameError(key, f"is a link that leads out of {self._root}", location=path)
        resolved = os.path.relpath(real, top)
        if resolved == key or not os.path.lexists(real):
            return None
        return "" if resolved == "." else resolved
