"""Open a path beneath a folder, whatever its symbolic links say, with no gap to race through.

On Linux 5.6 and later the kernel does it in one step (`openat2`). Elsewhere the path is walked
with one descriptor a component, links are read and walked too, and nothing is ever looked up
twice.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import stat
import struct
from functools import cache

from ..errors import PathError

_SYS_OPENAT2 = 437  # the same number on every architecture
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_MOST_LINKS = 40
_RETRIES = 64
_O_PATH = getattr(os, "O_PATH", 0)

OUTSIDE = "leaves the workspace; use a path inside it"


def open_beneath(root: int, path: str, flags: int, mode: int = 0) -> int:
    """Open `path` under the folder `root` is a descriptor of.

    Raises PathError where the path leads outside, OSError for everything that `open` raises.
    """
    if _kernel_can():
        return _openat2(root, path, flags, mode)
    return walk_beneath(root, path, flags, mode)


def _openat2(root: int, path: str, flags: int, mode: int) -> int:
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, mode, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    name = os.fsencode(path)
    for _ in range(_RETRIES):
        opened = _libc().syscall(_SYS_OPENAT2, root, name, how, len(how))
        if opened >= 0:
            return int(opened)
        code = ctypes.get_errno()
        if code == errno.EXDEV:
            raise PathError(path, OUTSIDE)
        if code not in {errno.EAGAIN, errno.EINTR}:  # EAGAIN: something was renamed meanwhile
            raise OSError(code, os.strerror(code), path)
    raise PathError(path, "keeps being renamed while it is opened; try again")


def walk_beneath(root: int, path: str, flags: int, mode: int = 0) -> int:
    """Do what `openat2` does, one component at a time."""
    if path.startswith("/"):
        raise PathError(path, OUTSIDE)
    todo = [part for part in path.split("/") if part not in {"", "."}][::-1]
    folders = [os.dup(root)]
    links = 0
    try:
        while todo:
            part, last = todo.pop(), not todo
            if part == "..":
                os.close(folders.pop())
                if not folders:
                    raise PathError(path, OUTSIDE)
                continue
            target = _link_target(folders[-1], part)
            if target is not None and not (last and flags & os.O_NOFOLLOW):
                links += 1
                if target.startswith("/"):
                    raise PathError(path, OUTSIDE)
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                todo += [piece for piece in target.split("/") if piece not in {"", "."}][::-1]
            elif last:
                return os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folders[-1])
            else:
                folders.append(_open_folder(folders[-1], part))
        return os.open(".", flags & ~os.O_CREAT | os.O_CLOEXEC, dir_fd=folders[-1])
    finally:
        for folder in folders:
            os.close(folder)


def _open_folder(parent: int, name: str) -> int:
    flags = (_O_PATH or os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=parent)


def _link_target(parent: int, name: str) -> str | None:
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        return os.readlink(name, dir_fd=parent) if stat.S_ISLNK(found.st_mode) else None
    except FileNotFoundError:
        return None


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@cache
def _kernel_can() -> bool:
    """Whether this kernel has `openat2`; asked once."""
    if platform.system() != "Linux":
        return False
    here = os.open("/", _O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(_openat2(here, ".", _O_PATH, 0))
    except OSError:
        return False
    finally:
        os.close(here)
    return True
