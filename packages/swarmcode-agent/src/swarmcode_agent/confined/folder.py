"""A folder that nothing leaves: every read and write happens beneath it, or not at all.

What may be in the folder is not trusted. Symbolic links are followed while they stay inside.
Files with a second name (hard links) may belong to something outside: they are not read unless
asked for, and never written in place, since every write puts a new file where the old one was.
`.git` is not written.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import PathError
from ._beneath import OUTSIDE, open_beneath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY  # a pipe must not make us wait
_MOST_LINKS = 16
_PLAIN = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*", re.ASCII)  # needs no second look


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing found while walking: its path from the folder, with `/`."""

    path: str
    is_folder: bool
    is_link: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file's bytes, or a link's target, and what `stat` says of its mode."""

    data: bytes
    mode: int


class ConfinedFolder:
    """Files beneath one folder. Methods take paths relative to it, or absolute ones inside it."""

    def __init__(self, root: str | os.PathLike[str], *, hard_links: bool = False) -> None:
        self.root = Path(root).resolve()
        self._hard_links = hard_links
        try:
            self._fd = os.open(self.root, _FOLDER | os.O_CLOEXEC)
        except OSError as error:
            raise PathError(str(root), f"is not a folder that can be used: {_why(error)}") from None
        weakref.finalize(self, os.close, self._fd)

    # ── reading ───────────────────────────────────────────────────────────────────────────

    def read(self, path: str, *, most: int | None = None) -> bytes | None:
        """Return a file's bytes, at most `most`; None where there is no such file."""
        opened = self._open_file(path)
        if opened is None:
            return None
        with os.fdopen(opened, "rb") as file:
            return file.read(-1 if most is None else most)

    def mode(self, path: str) -> int | None:
        """Return the file's mode as `stat` has it; None where there is nothing."""
        opened = self._open(path, _READ)
        if opened is None:
            return None
        try:
            return os.fstat(opened).st_mode
        finally:
            os.close(opened)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at this path."""
        mode = self.mode(path)
        return mode is not None and stat.S_ISDIR(mode)

    def is_readable(self, path: str) -> bool:
        """Whether `read` would return this file."""
        try:
            opened = self._open_file(path)
        except PathError:
            return False
        if opened is not None:
            os.close(opened)
        return opened is not None

    @contextmanager
    def opened(self, path: str) -> Iterator[int]:
        """Lend a descriptor of a folder, to start a process in it."""
        descriptor = self._open(path, _FOLDER)
        if descriptor is None:
            raise PathError(path, "not found")
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def load(self, path: str) -> Loaded | None:
        """Return a file's bytes and mode, or a link's target; None where there is neither."""
        target = self.link(path)
        if target is not None:
            return Loaded(target.encode("utf-8", "surrogateescape"), stat.S_IFLNK)
        opened = self._open_file(path)
        if opened is None:
            return None
        with os.fdopen(opened, "rb") as file:
            return Loaded(file.read(), os.fstat(file.fileno()).st_mode)

    def link(self, path: str) -> str | None:
        """Return where a symbolic link points; None where there is none."""
        with self._parent(path) as (parent, name):
            return _readlink(parent, name) if parent is not None else None

    def relative(self, path: str) -> str:
        """Return the path from the folder, refusing what is outside by its text alone."""
        if "\x00" in path:
            raise PathError(path, "has a NUL byte")
        if path and _PLAIN.fullmatch(path):
            return path
        given = PurePosixPath(path or ".")
        if not given.is_absolute():
            return given.as_posix()
        if not given.is_relative_to(self.root):
            raise PathError(path, OUTSIDE)
        return given.relative_to(self.root).as_posix()

    def walk(self, path: str = ".", *, recursive: bool = True) -> Iterator[Entry]:
        """Yield what is in a folder, sorted, folders before what is in them.

        Links are named and not entered. What cannot be opened is passed over.
        """
        todo = self._entries(path)
        while todo:
            entry = todo.pop()
            yield entry
            if entry.is_folder and recursive:
                with suppress(PathError):
                    todo += self._entries(entry.path)

    def _entries(self, path: str) -> list[Entry]:
        """Return what is in one folder, last name first."""
        base = PurePosixPath(self.relative(path))
        with self.opened(path) as opened, os.scandir(opened) as entries:
            found = sorted(entries, key=lambda entry: entry.name, reverse=True)
            return [
                Entry(
                    (base / entry.name).as_posix(),
                    is_folder=entry.is_dir(follow_symlinks=False),
                    is_link=entry.is_symlink(),
                )
                for entry in found
            ]

    # ── writing ───────────────────────────────────────────────────────────────────────────

    def write(self, path: str, data: bytes, *, mode: int | None = None) -> None:
        """Put a file in place in one step, with the folders it needs.

        A link is followed while it stays inside. Without `mode` an existing file keeps its own.
        """
        path = self._follow(path)
        self._prepare(path)
        with self._parent_to_write(path) as (parent, name):
            permissions = mode if mode is not None else _permissions(parent, name)
            temporary = f".{name[:100]}.{secrets.token_hex(6)}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with _explained(path):
                opened = os.open(temporary, flags, 0o600, dir_fd=parent)
                try:
                    with os.fdopen(opened, "wb") as file:
                        file.write(data)
                        os.fchmod(file.fileno(), permissions & 0o777)
                    os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
                except BaseException:  # also of Ctrl-C: no temporary file stays behind
                    with suppress(OSError):
                        os.unlink(temporary, dir_fd=parent)
                    raise

    def check(self, path: str) -> str:
        """Raise PathError where `write` would refuse a path, before anything is made.

        Return the path that it would write, links followed.
        """
        path = self._follow(path)
        self._check_folders(PurePosixPath(self.relative(path)))
        return path

    def write_link(self, path: str, target: str) -> None:
        """Put a symbolic link in place. Where it points is only ever followed inside."""
        self._prepare(path)
        with self._parent_to_write(path) as (parent, name), _explained(path):
            temporary = f".{name[:100]}.{secrets.token_hex(6)}.tmp"
            os.symlink(target, temporary, dir_fd=parent)
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)

    def remove(self, path: str) -> None:
        """Remove a file or a link, and the folders that this leaves empty."""
        with self._parent_to_write(path) as (parent, name), _explained(path):
            os.unlink(name, dir_fd=parent)
        for folder in PurePosixPath(self.relative(path)).parents:
            if folder == PurePosixPath():
                return
            try:
                with self._parent_to_write(str(folder)) as (parent, name):
                    os.rmdir(name, dir_fd=parent)
            except OSError:
                return  # it is not empty

    def make_folders(self, path: str) -> None:
        """Make a folder and those above it."""
        current = PurePosixPath()
        for part in PurePosixPath(self.relative(path)).parts:
            current /= part
            opened = self._open(str(current), _FOLDER)
            if opened is not None:
                os.close(opened)
                continue
            made = self._parent_to_write(str(current))
            with made as (parent, name), _explained(path), suppress(FileExistsError):
                os.mkdir(name, 0o777, dir_fd=parent)

    # ── inside ────────────────────────────────────────────────────────────────────────────

    def _open(self, path: str, flags: int) -> int | None:
        with _explained(path):
            try:
                return open_beneath(self._fd, self.relative(path), flags)
            except FileNotFoundError:
                return None

    def _prepare(self, path: str) -> None:
        """Make the folders that a file needs, if they may be made."""
        whole = PurePosixPath(self.relative(path))
        if not self._check_folders(whole):
            self.make_folders(str(whole.parent))

    def _check_folders(self, whole: PurePosixPath) -> bool:
        """Look at the deepest folder that is there, and at the names that would be made in it.

        Return whether that is the file's own folder, so that none has to be made.
        """
        for folder in whole.parents:
            opened = self._open(str(folder), _FOLDER)
            if opened is None:
                continue
            try:
                parts = (*self._real(opened), *whole.relative_to(folder).parts)
            finally:
                os.close(opened)
            if ".." in parts:
                raise PathError(str(whole), OUTSIDE)
            if any(map(is_git, parts)):
                raise PathError(str(whole), "is in .git, which is read-only")
            return folder == whole.parent
        raise PathError(str(whole), "does not name a file")

    def _open_file(self, path: str) -> int | None:
        opened = self._open(path, _READ)
        if opened is None:
            return None
        found = os.fstat(opened)
        why = None
        if not stat.S_ISREG(found.st_mode):
            why = "is a folder" if stat.S_ISDIR(found.st_mode) else "is not a regular file"
        elif found.st_nlink > 1 and not self._hard_links:
            why = "is a hard link, so it may belong to something outside the workspace"
        if why is None:
            return opened
        os.close(opened)
        raise PathError(path, why)

    def _follow(self, path: str) -> str:
        """Return the path that a chain of links ends at, as text; opening it confines it."""
        for _ in range(_MOST_LINKS):
            target = self.link(path)
            if target is None:
                return path
            if target.startswith("/"):
                raise PathError(path, OUTSIDE)
            path = str(PurePosixPath(self.relative(path)).parent / target)
        raise PathError(path, "has too many levels of symbolic links")

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int | None, str]]:
        whole = PurePosixPath(self.relative(path))
        if whole.name in {"", ".."}:
            raise PathError(path, "does not name a file")
        parent = self._open(str(whole.parent), _FOLDER)
        try:
            yield parent, whole.name
        finally:
            if parent is not None:
                os.close(parent)

    @contextmanager
    def _parent_to_write(self, path: str) -> Iterator[tuple[int, str]]:
        with self._parent(path) as (parent, name):
            if parent is None:
                raise PathError(path, "does not exist")
            if any(map(is_git, (*self._real(parent), name))):
                raise PathError(path, "is in .git, which is read-only")
            yield parent, name

    def _real(self, folder: int) -> tuple[str, ...]:
        """Return where an open folder really is, so that no alias of `.git` gets past."""
        try:
            real = os.readlink(f"/proc/self/fd/{folder}")  # noqa: PTH115 - called for every write
        except OSError:
            real = _path_of(folder)
        if real == str(self.root):
            return ()
        return PurePosixPath(os.path.relpath(real, self.root)).parts


def is_git(name: str) -> bool:
    """Whether some file system would take this name for `.git`."""
    if name.isascii() and name.isprintable() and name[:1] not in {".", "g", "G"}:
        return False
    plain = "".join(letter for letter in name if letter.isprintable()).casefold()
    return plain.rstrip(" .") in {".git", "git~1"}


def _path_of(folder: int) -> str:
    """Ask the kernel for an open folder's path where there is no /proc (macOS)."""
    import fcntl

    return os.fsdecode(fcntl.fcntl(folder, 50, b"\x00" * 1024).rstrip(b"\x00"))


def _readlink(parent: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=parent)
    except OSError:
        return None  # not a link, or not there


def _permissions(parent: int, name: str) -> int:
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return 0o644
    return stat.S_IMODE(found.st_mode)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what the system says into a sentence about the path."""
    try:
        yield
    except OSError as error:
        raise PathError(path, f"cannot be used: {_why(error)}") from None


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
