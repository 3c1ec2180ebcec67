"""Errors of the operating system, told as errors of worktree."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import StorageError, WrongKindError

_HINTS = {
    errno.ENOSPC: "make room and try again",
    errno.EDQUOT: "make room in your quota and try again",
    errno.EROFS: "the file system is read-only; mount elsewhere or remount it writable",
    errno.EACCES: "give this user the permission to read and write there",
    errno.EPERM: "give this user the permission to read and write there",
    errno.EIO: "the disk reports an error; check it before you go on",
    errno.ENOENT: "the mount, or a folder in it, vanished meanwhile; bring it back",
    errno.EMFILE: "this process has too many open files",
    errno.ENAMETOOLONG: "use a shorter name",
}


@contextmanager
def translated(root: str) -> Iterator[None]:
    """Let no bare OSError out: name the place and the next step, keep the cause."""
    try:
        yield
    except NotADirectoryError as error:
        raise WrongKindError(
            "a folder was expected, something else was found",
            location=os.path.join(root, error.filename or ""),  # noqa: PTH118 — may be absolute.
            hint="move it away, or mount elsewhere",
        ) from error
    except OSError as error:
        raise StorageError(
            f"{error.strerror or error}",
            location=root,
            hint=_HINTS.get(error.errno or 0, "nothing was changed; see the cause"),
        ) from error
