"""From what a person writes to a storage: a path, an address, or a storage itself."""

from __future__ import annotations

import os
import re

from ..errors import StorageError
from .contract import Storage
from .filesystem import Durability, FilesystemStorage
from .memory import MemoryStorage

_OBJECT_STORES = ("s3://", "gs://", "az://", "azure://")
_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]+:").match


def locate(where: str | os.PathLike[str] | Storage, durability: Durability = "power") -> Storage:
    """The storage that an address names.

    A path is a folder of files; `memory:`, `sqlite:<file>`, `s3://`, `gs://`, `az://` and
    `http(s)://` name other back ends. Drivers that take options are constructed by the caller.
    """
    if isinstance(where, Storage):
        return where
    if isinstance(where, str) and _SCHEME(where):
        return _by_scheme(where, durability)
    try:
        path = os.fspath(where)
        is_path = bool(path) and "\0" not in path
    except TypeError:  # No path at all, or one of bytes.
        is_path = False
    if not is_path:
        raise StorageError(
            f"{where!r} is no place to mount",
            hint="pass a path, an address such as 'sqlite:state.db', or a storage",
        )
    return FilesystemStorage(path, durability=durability)


def _by_scheme(where: str, durability: Durability) -> Storage:
    if where == "memory:":
        return MemoryStorage()
    if where.startswith("sqlite:"):
        from .sqlite import SqliteStorage

        return SqliteStorage(where.removeprefix("sqlite:"), durability=durability)
    if where.startswith(_OBJECT_STORES):
        from .objectstore import ObjectStorage

        return ObjectStorage.from_url(where)
    if where.startswith(("http://", "https://")):
        from .http import HttpStorage

        return HttpStorage(where)
    raise StorageError(
        f"{where!r} names no storage that worktree knows",
        hint="write memory:, sqlite:<file>, s3://, gs://, az:// or https://; "
        f"for a folder of this name write './{where}'",
    )
