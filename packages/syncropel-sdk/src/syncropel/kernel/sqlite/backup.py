"""A copy of a living store: whole or not at all."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path


def copy(source: sqlite3.Connection, path: Path) -> None:
    """Copy one moment of the store beside `path`, then put it there in one step."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        _sync(unfinished)
        unfinished.replace(path)
        _sync(path.parent)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
