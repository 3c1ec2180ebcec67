"""Writing files so that a reader sees the old bytes or the new ones, never half of them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from .errors import StateWriteError


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file's bytes in one step, making its folder when it is missing.

    Raises:
        StateWriteError: the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        reason = error.strerror or str(error)
        raise StateWriteError(f"cannot be written: {reason}", path=path) from None


def is_inside(path: str, folder: str) -> bool:
    """Whether a path lies strictly below a folder; both absolute and normal."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def differs(path: Path, data: bytes) -> bool:
    """Whether a file is missing, unreadable, or holds other bytes."""
    try:
        return path.read_bytes() != data
    except OSError:
        return True


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write a file unless it already holds these bytes; say whether it was written.

    Raises:
        StateWriteError: the folder or the file cannot be written.
    """
    with suppress(OSError):  # missing or unreadable: writing says what is wrong, if anything is
        if path.read_bytes() == data:
            return False
    write_atomically(path, data)
    return True
